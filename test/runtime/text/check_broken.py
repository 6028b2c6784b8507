"""Checks that broken tokenizers are refused, each with its own sentence.

usage: check_broken.py TOKENIZER-TEST FOLDER
"""

import os
import subprocess
import sys

from tokenizer_files import good, write

tool, folder = sys.argv[1:]
path = os.path.join(folder, "broken.gguf")
COUNT = len(good()["ggml.tokens"])


def replaced(key, index, value):
    values = list(good()[key])
    values[index] = value
    return {key: values}


def without(key, count):
    return {key: good()[key][:-count]}


CASES = [
    ({"ggml.model": "rwkv"}, "ggml.model is 'rwkv', expected gpt2, gemma4, llama, bert or t5"),
    ({"ggml.model": "llama"}, f"ggml.scores has 0 values, but there are {COUNT} tokens"),
    ({"ggml.model": "t5", "ggml.scores": [0.5]}, f"ggml.scores has 1 values, but there are {COUNT} tokens"),
    ({"ggml.model": "two\nlines" * 50}, "ggml.model is '" + ("two\\nlines" * 50)[:67] + "...', expected gpt2, gemma4, llama, bert or t5"),
    ({"ggml.model": None}, "ggml.model is '', expected gpt2, gemma4, llama, bert or t5"),
    ({"ggml.model": 3}, "ggml.model is not a string, convert the model again"),
    ({"ggml.pre": "no-such-way"}, "ggml.pre is 'no-such-way', which is none of the ways to split words that docs/tokenizers.md lists"),
    ({"ggml.pre": None}, "ggml.pre is '', which is none of the ways to split words that docs/tokenizers.md lists"),
    ({"ggml.tokens": None}, "ggml.tokens is missing, convert the model again"),
    ({"ggml.tokens": "a"}, "ggml.tokens is not a list of strings, convert the model again"),
    (replaced("ggml.tokens", 7, "A"), "ggml.tokens[32] is 'A', as is token 7"),
    (replaced("ggml.tokens", 7, ""), "ggml.tokens[7] is empty"),
    (replaced("ggml.tokens", 7, b"\xff"), "ggml.tokens[7] is not UTF-8"),
    (without("ggml.token_type", 1), f"ggml.token_type has {COUNT - 1} values, but there are {COUNT} tokens"),
    ({"ggml.token_type": "a"}, "ggml.token_type is not a list of integers, convert the model again"),
    (replaced("ggml.token_type", 3, 6), "ggml.token_type[3] is 6, expected 1 (normal) to 5 (unused); byte tokens (6) do not belong in byte-level BPE"),
    (replaced("ggml.token_type", 3, 0), "ggml.token_type[3] is 0, expected 1 (normal) to 5 (unused); byte tokens (6) do not belong in byte-level BPE"),
    (replaced("ggml.token_type", 3, -1), "ggml.token_type[3] is -1, expected 1 (normal) to 5 (unused); byte tokens (6) do not belong in byte-level BPE"),
    ({"ggml.merges": None}, "ggml.merges is missing, convert the model again"),
    ({"ggml.merges": 1.5}, "ggml.merges is not a list of strings, convert the model again"),
    (replaced("ggml.merges", 2, "ab"), "ggml.merges[2] is 'ab', expected two tokens with a space between"),
    (replaced("ggml.merges", 2, " ab"), "ggml.merges[2] is ' ab', expected two tokens with a space between"),
    (replaced("ggml.merges", 2, "ab "), "ggml.merges[2] is 'ab ', expected two tokens with a space between"),
    (replaced("ggml.merges", 2, "a b c"), "ggml.merges[2] is 'a b c', expected two tokens with a space between"),
    (replaced("ggml.merges", 2, ""), "ggml.merges[2] is '', expected two tokens with a space between"),
    (replaced("ggml.merges", 2, "aaa b"), "ggml.merges[2] is 'aaa b', but 'aaa' is not a token"),
    (replaced("ggml.merges", 2, "a bbb"), "ggml.merges[2] is 'a bbb', but 'bbb' is not a token"),
    (replaced("ggml.merges", 2, "Q Z"), "ggml.merges[2] is 'Q Z', but 'QZ' is not a token"),
    ({"ggml.bos_token_id": "1"}, "ggml.bos_token_id is not an integer, convert the model again"),
    ({"ggml.add_bos_token": 1}, "ggml.add_bos_token is not a boolean, convert the model again"),
    ({"ggml.add_bos_token": True, "ggml.bos_token_id": None}, "ggml.bos_token_id is missing, but texts begin with it"),
    ({"ggml.add_bos_token": True, "ggml.bos_token_id": COUNT}, "ggml.bos_token_id is missing, but texts begin with it"),
    ({"ggml.add_eos_token": True, "ggml.eos_token_id": None}, "ggml.eos_token_id is missing, but texts end with it"),
    ({"chat_template": 7}, "chat_template is not a string, convert the model again"),
]  # fmt: skip


def check(expected):
    result = subprocess.run([tool, path, "info"], capture_output=True, text=True)
    expected = f"quipu: error: {path}: tokenizer.{expected}\n"
    assert (result.returncode, result.stdout) == (1, ""), (expected, result)
    assert result.stderr.endswith(expected), f"\n{result.stderr}{expected}"


for change, expected in CASES:
    write(path, good() | change, rows=COUNT)
    check(expected)
write(path, good(), rows=COUNT + 8)
check(f"ggml.tokens has {COUNT} tokens, but the model's embedding has {COUNT + 8} rows")
print(len(CASES) + 1, "broken tokenizers refused")

write(path, {})
result = subprocess.run([tool, path, "info"], capture_output=True, text=True)
assert result.stdout == "no tokenizer\n", result
# Only the kind, the tokens and the merges have to be there.
needed = ["ggml.model", "ggml.pre", "ggml.tokens", "ggml.merges"]
write(path, {key: good()[key] for key in needed})
result = subprocess.run([tool, path, "info"], capture_output=True, text=True)
assert "bos -1, eos -1, eot -1, unknown -1, padding -1" in result.stdout, result
assert "<|im_end|>, ends" in result.stdout, result
print("what may be missing may be missing")
# An id that no token has is none.
for name in "bos", "eos", "unknown", "padding", "eot", "fim_sep":
    for id in -1, COUNT, 2**32 - 1, 2**64 - 1:
        write(path, good() | {f"ggml.{name}_token_id": id, "ggml.add_bos_token": False})
        result = subprocess.run([tool, path, "info"], capture_output=True, text=True)
        warning = f"quipu: warning: {path}: tokenizer.ggml.{name}_token_id is {id}, which no token has"
        assert result.returncode == 0 and result.stderr.startswith(warning), result
        assert result.stderr.count("\n") == 1, result
        assert name == "fim_sep" or f"{name} -1" in result.stdout, result
print("ids that no token has are left out")
