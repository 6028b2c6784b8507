"""Checks that decoding gives back what was encoded.

usage: check_round_trips.py TOKENIZER-TEST FOLDER
"""

import os
import random
import sys

from tokenizer_files import encode, good, write

tool, folder = sys.argv[1:]
model = os.path.join(folder, "model.gguf")
rng = random.Random(1)


def repair(data):
    """Each byte that belongs to no well-formed character is U+FFFD."""
    valid = data.decode("utf-8", "surrogateescape")
    return "".join("\ufffd" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in valid).encode()


INVALID = [
    b"\x80", b"\xff", b"a\xc3", b"\xc3a", b"\xe4\xbd", b"\xe4\xbda", b"\xf0\x9f\x98",
    b"\xc0\x80", b"\xc1\x81", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80",
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xf0\x9f\x98 \x80",
    b"\xf0\x9f\xf0\x9f\x98\x80", b"\xe4\xe4\xbd\xa0",
]  # fmt: skip
SPECIAL = [b"<|im_start|>", b"<|im_end|>", b"<|a", b"<|ab|>", "¡añadido!".encode(), b"<|"]


def random_bytes():
    return rng.randbytes(rng.randint(0, 60))


def random_text():
    pools = [range(0x20, 0x7F), range(0xA0, 0x3000), range(0x1F300, 0x1F700)]
    return "".join(chr(rng.choice(rng.choice(pools))) for _ in range(30)).encode()


def random_specials():
    return b"".join(rng.choice([*SPECIAL, b" the ", b"x\n"]) for _ in range(8))


texts = [b"", *INVALID]
texts += [make() for make in (random_bytes, random_text, random_specials) for _ in range(1500)]

for pre in ["gpt-2", "smollm", "llama-bpe", "qwen2"]:
    write(model, good(pre))
    for text, result in zip(texts, encode(tool, model, texts)):
        assert result["decoded"] == repair(text), (text, result)
        assert result["streamed"] == repair(text), (text, result)
print(len(texts), "texts given back")

# What the flags put around a text, and what is shown of it.
keys = good()
first = keys["ggml.bos_token_id"]
start, end, short, longer, user = range(first, first + 5)
keys |= {"ggml.add_bos_token": True, "ggml.add_eos_token": True}
write(model, keys)
(empty, markers, overlap, added) = encode(
    tool, model, [b"", b"<|im_start|><|im_end|>", b"<|ab|><|a<|im_start|", "¡añadido!".encode()]
)
assert empty["ids"] == [start, end] and empty["special"] == []
assert markers["special"] == [start, end] and markers["hidden"] == b""
assert start not in markers["ids"][1:] and end not in markers["ids"][:-1]
assert overlap["special"][:2] == [longer, short] and start not in overlap["special"]
assert added["ids"] == [start, user, end] and added["special"] == [user]
assert added["hidden"] == "¡añadido!".encode()
print("special tokens as the flags say")

# A byte without a token is left out, as llama.cpp does.
keys = good()
keys["ggml.tokens"][keys["ggml.tokens"].index("X")] = "[unused]"
write(model, keys)
(result,) = encode(tool, model, [b"aXb"])
assert result["decoded"] == b"ab", result
print("a byte without a token is left out")

# In Llama 3 a word that is a token is not merged from its parts.
keys = good("llama-bpe")
keys["ggml.tokens"].append("Xyzzy")
keys["ggml.token_type"].append(1)
keys |= {"ggml.add_bos_token": None}
write(model, keys)
(word,) = encode(tool, model, [b"Xyzzy"])
assert word["ids"] == [start, len(keys["ggml.tokens"]) - 1], word
keys["ggml.pre"] = "qwen2"
write(model, keys)
(word,) = encode(tool, model, [b"Xyzzy"])
assert len(word["ids"]) == 5, word
print("whole words are looked up")

# Quadratic time would take hours here.
write(model, good())
letters = [c for c in "theisayandquckbrownfx"]
long = ["".join(rng.choices(letters, k=1_000_000)).encode(), b"a" * 1_000_000, b" " * 1_000_000]
for text in long:
    (result,) = encode(tool, model, [text], timeout=60)
    assert result["decoded"] == text
print("long words take no longer than others")
