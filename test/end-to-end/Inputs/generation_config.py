"""Checks what generation_config.json and GGUF's keys of samplers make of a program.

usage: generation_config.py QUIPU GOLDEN-FOLDER
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np

quipu, golden = sys.argv[1:]
sys.path.insert(0, str(Path(golden).parent))
import safetensors_file  # noqa: E402

expected = safetensors_file.read(Path(golden) / "expected.safetensors")
PROMPT = " ".join(map(str, expected["input_ids"]))
GREEDY = [int(token) for token in expected["greedy"]]
END = GREEDY[5]
TEXT = GREEDY[:GREEDY.index(END)]


def build(model, *warnings):
    """Compiles a model, which warns of nothing else."""
    result = subprocess.run([quipu, "build", model, "--target=reference", "-o", "program"],
                            capture_output=True, text=True, check=True)
    lines = [f"quipu: warning: {warning}" for warning in warnings]
    assert result.stderr.splitlines() == lines, result.stderr


def run(*options):
    result = subprocess.run(["./program", "--tokens", PROMPT, "--cache-type=f32", "-n24", *options],
                            capture_output=True, text=True, check=True)
    return [int(token) for token in result.stdout.split()]


def check_defaults(**expected):
    """What the help says of each option."""
    text = " ".join(subprocess.run(["./program", "generate", "--help"], capture_output=True, text=True).stdout.split())
    for option, value in expected.items():
        found = re.search(rf" --{option.replace('_', '-')} [A-Z] .*?\(default: ([^),]*)[),]", text).group(1)
        assert found == str(value), f"{option}: {found}, expected {value}"


folder = Path("model")
folder.mkdir()
for name in "config.json", "model.safetensors":
    shutil.copy(Path(golden) / name, folder)


def say(**keys):
    (folder / "generation_config.json").write_text(json.dumps(keys))


# The text ends before the token, and goes on if asked to.
say(eos_token_id=[100000, END], num_beams=4, max_new_tokens=10)
build("model", 'model/generation_config.json: the key "num_beams" is 4, which programs cannot do; they leave it out',
      "model: texts end with the token 100000, which there is not: there are "
      f"{expected['logits'].shape[1]}")
assert run() == TEXT
assert run("--ignore-eos") == GREEDY
check_defaults(temperature=0, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1)

# Options go before the file; a seed says what is drawn, and a temperature of 0 draws nothing.
say(do_sample=True, temperature=1.5, top_k=20, top_p=0.9, repetition_penalty=1.0)
build("model")
check_defaults(temperature=1.5, top_k=20, top_p=0.9, min_p=0, repeat_penalty=1)
one = run("--seed=1")
assert one != run("--seed=2") and one != GREEDY
assert one == run("--seed=1") == run("--seed=1", "--temperature=1.5", "--top-k=20", "--top-p=0.9", "--min-p=0")
assert run("--temperature=0") == GREEDY
assert run("--top-k=1") == GREEDY
say(do_sample=False, temperature=1.5, top_k=20)
build("model")
check_defaults(temperature=0, top_k=20)
assert run() == GREEDY

# A penalty counts without a temperature, too.
say(repetition_penalty=1.5)
build("model")
check_defaults(temperature=0, repeat_penalty=1.5)
assert run() != GREEDY and run("--repeat-penalty=1") == GREEDY


def add_keys(name, **keys):
    """A copy of plain.gguf with more keys; dots are written as __."""
    reader = gguf.GGUFReader("plain.gguf")
    writer = gguf.GGUFWriter(name, "llama")
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            writer.add_key_value(key, field.contents(), field.types[0],
                                 field.types[-1] if len(field.types) > 1 else None)
    for key, value in keys.items():
        add = writer.add_float32 if isinstance(value, float) else writer.add_int32
        add(key.replace("__", "."), value)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, np.array(tensor.data), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# GGUF says the same with llama.cpp's keys.
subprocess.run([sys.executable, Path(golden).parent / "to_gguf.py", golden, "plain.gguf"], check=True)
add_keys("model.gguf", general__sampling__temp=0.25, general__sampling__top_k=7, general__sampling__mirostat=2,
         general__sampling__mirostat_tau=5.0, tokenizer__ggml__eot_token_id=END)
build("model.gguf",
      'model.gguf: "general.sampling.mirostat" is 2, which programs cannot do; they leave it out')
check_defaults(temperature=0.25, top_k=7, top_p=0.95)
assert run("--temperature=0") == TEXT
for key, value, text in [("temp", -1.0, '"general.sampling.temp" is -1, expected a number from 0 to 100'),
                         ("top_p", 2.5, '"general.sampling.top_p" is 2.5, expected a number from 0 to 1'),
                         ("top_k", -1, '"general.sampling.top_k" is -1, expected a whole number from 0 to')]:
    add_keys("broken.gguf", **{f"general__sampling__{key}": value})
    result = subprocess.run([quipu, "build", "broken.gguf", "--target=reference", "-o", "broken"],
                            capture_output=True, text=True)
    assert result.returncode == 1 and f"error: broken.gguf: {text}" in result.stderr, result.stderr
    assert result.stderr.count("\n") == 1 and not Path("broken").exists()
print("all defaults are right")
