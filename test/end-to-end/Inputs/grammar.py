"""Compares what SmolLM2 writes by grammars with llama.cpp's greedy ids (of version 0c1e570,
the same file), and draws texts that must fit a schema.

usage: grammar.py SMOL LLAMA-CPP.json
"""

import json
import subprocess
import sys

smol, cases = sys.argv[1:]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 30},
                   "age": {"type": "integer", "minimum": 0, "maximum": 150},
                   "city": {"enum": ["Paris", "Rome", "London"]}},
    "required": ["name", "age", "city"], "additionalProperties": False,
}
# Prompts and what llama.cpp writes.
IDS = {
    "chess.gbnf": (
        "49 4248 3133 282 22628 42 216",
        "33 30 253 34 45 50 216 82 34 45 50 198 34 30 253 35 45 50 216 81 35 45 50 198 35 30 "
        "253 36 45 50 216 81 36 45 50 198 36 30 253 37 45 50 216 81 37 45 50 198"),
    "person": (
        "7356 314 216 35 32 929 1573 284 2397 281 7042 30 1032 20110 42 198",
        "107 3805 476 1245 1799 476 61 2566 22569 1002 3805 476 473 1799 216 35 32 28 3805 "
        "476 20721 1799 476 38634 18 198 109"),
}


def write(*options):
    return subprocess.run([smol, *options, "-c", "512"], stdout=subprocess.PIPE, text=True, check=True).stdout


with open("person.json", "w") as file:
    json.dump(PERSON, file)
with open(cases) as file, open("chess.gbnf", "w") as chess:
    chess.write(next(case["grammar"] for case in json.load(file) if case["name"] == "chess.gbnf"))
for name, (prompt, expected) in IDS.items():
    option = ["--json-schema", "person.json"] if name == "person" else ["--grammar", name]
    got = write("--tokens", prompt, "-n", "48", *option).strip()
    assert got == expected, f"{name}:\n{got}\n{expected}"
    print(f"{name}: {len(got.split())} tokens as with llama.cpp")

fit = 0
for seed in range(20):
    options = ["--chat", "Describe somebody.", "--json-schema", "person.json", "--seed", str(seed),
               "--temperature", "1.5"]
    text = write(*options)
    person = json.loads(text)
    assert list(person) == ["name", "age", "city"] and len(person["name"]) <= 30
    assert 0 <= person["age"] <= 150 and person["city"] in ("Paris", "Rome", "London")
    fit += 1
    if seed < 4:
        assert write(*options, "--lookup") == text, text
print(f"{fit} of 20 drawn texts fit, and those with guesses are the same")
