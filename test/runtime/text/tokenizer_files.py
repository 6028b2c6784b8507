"""Small byte-level BPE tokenizers as GGUF files, and how to run tokenizer-test."""

import json
import subprocess
from collections import Counter

import gguf
import numpy

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)

# GPT-2's printable character of each byte.
_same = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_rest = [byte for byte in range(256) if byte not in _same]
ALPHABET = {byte: chr(byte) for byte in _same}
ALPHABET |= {byte: chr(0x100 + i) for i, byte in enumerate(_rest)}

TEXT = """The quick brown fox jumps over the lazy dog. It's what they'll say, isn't it?
Les élèves français étaient déjà là; 你好，世界。 12345 67890\r\n\r\n    return 0;\n"""


def spell(data):
    return "".join(ALPHABET[byte] for byte in data)


def train(count=150):
    """The first `count` merges of TEXT, and the vocabulary they make."""
    words = [list(spell(word.encode())) for word in TEXT.replace(" ", "\0 ").split("\0")]
    vocabulary = list(ALPHABET.values())
    merges = []
    for _ in range(count):
        pairs = Counter(pair for word in words for pair in zip(word, word[1:]))
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(" ".join(best))
        if "".join(best) not in vocabulary:
            vocabulary.append("".join(best))
        words = [merge(word, best) for word in words]
    return vocabulary, merges


def merge(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        found = tuple(symbols[i : i + 2]) == pair
        out.append("".join(pair) if found else symbols[i])
        i += 2 if found else 1
    return out


def bpe(word, ranks):
    """Byte-pair encoding as its definition has it: one pair at a time."""
    symbols = list(spell(word))
    while True:
        pairs = list(zip(symbols, symbols[1:]))
        ranked = [(ranks[pair], i) for i, pair in enumerate(pairs) if pair in ranks]
        if not ranked:
            return symbols
        i = min(ranked)[1]
        symbols[i : i + 2] = ["".join(symbols[i : i + 2])]


SPECIALS = ["<|im_start|>", "<|im_end|>", "<|a", "<|ab|>", "¡añadido!"]


def good(pre="gpt-2"):
    """The keys of a good tokenizer."""
    vocabulary, merges = train()
    return {
        "ggml.model": "gpt2",
        "ggml.pre": pre,
        "ggml.tokens": vocabulary + SPECIALS,
        "ggml.token_type": [NORMAL] * len(vocabulary) + [CONTROL] * 4 + [USER_DEFINED],
        "ggml.merges": merges,
        "ggml.bos_token_id": len(vocabulary),
        "ggml.eos_token_id": len(vocabulary) + 1,
        "ggml.add_bos_token": False,
    }


def write(path, keys, rows=None):
    """A file with these tokenizer keys (None: leave out) and an embedding of as
    many rows as there are tokens."""
    writer = gguf.GGUFWriter(path, "llama")
    for key, value in keys.items():
        key = "tokenizer." + key
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            add = writer.add_int32 if value < 0 else writer.add_uint64 if value >> 32 else writer.add_uint32
            add(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, (str, bytes)):
            writer.add_string(key, value)
        elif value is not None:
            writer.add_array(key, value)
    rows = len(keys.get("ggml.tokens") or [0]) if rows is None else rows
    writer.add_tensor("token_embd.weight", numpy.zeros((rows, 1), numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def encode(tool, model, texts, timeout=None):
    """What tokenizer-test says of each text (bytes)."""
    out = subprocess.run(
        [tool, model, "encode"],
        input="".join(text.hex() + "\n" for text in texts).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=timeout,
    ).stdout
    results = [json.loads(line) for line in out.splitlines()]
    assert len(results) == len(texts)
    for result in results:
        for key in ["decoded", "hidden", "streamed"]:
            result[key] = bytes.fromhex(result[key])
        result["words"] = [bytes.fromhex(word) for word in result["words"]]
    return results
