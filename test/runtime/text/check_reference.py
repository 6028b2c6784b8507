"""Checks a real model's tokenizer against llama.cpp's ids.

usage: check_reference.py TOKENIZER-TEST MODEL REFERENCE.json
"""

import json
import subprocess
import sys

from tokenizer_files import encode

tool, model, reference = sys.argv[1:]
with open(reference, encoding="utf-8") as file:
    reference = json.load(file)

cases = reference["tokenizer"]
results = encode(tool, model, [case["text"].encode() for case in cases])
for case, result in zip(cases, results):
    assert result["ids"] == case["ids"], (case, result)
    assert result["special"] == case["ids_parse_special"], (case, result)
    assert result["decoded"] == case["text"].encode(), (case, result)
    assert result["streamed"] == case["text"].encode(), (case, result)
print(len(cases), "texts have llama.cpp's ids")

chat = reference["chat"]
result = json.loads(
    subprocess.run(
        [tool, model, "chat"],
        input=json.dumps(chat["messages"]).encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
)
assert result["prompt"] == chat["rendered_jinja2"], result
assert result["ids"] == chat["prompt_ids"], result
print("the chat prompt is Jinja's, its ids llama.cpp's")
