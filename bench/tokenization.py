"""Measures how fast texts become tokens, beside PyPI's tokenizers, on one thread.

usage: tokenization.py

The tokenizers are those of Qwen2 (byte-level BPE, from llama.cpp's vocabularies) and of
MiniLM (WordPiece). The texts are the repository's pages and its C++, and words of the
Chinese tokens of Qwen2 in a random order. The ids are compared, too.
"""

import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

import gguf
import peers

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer

REPEATS = 4  # of a text, for Quipu: reading the tokenizer takes longer than one
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def make_qwen2(folder):
    """A tokenizer.json of the vocabulary that llama.cpp has."""
    fields = gguf.GGUFReader(peers.llama_source() / "models" / "ggml-vocab-qwen2.gguf").fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    split = {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False, "trim_offsets": False}
    path = Path(folder, "tokenizer.json")
    path.write_text(json.dumps({
        "version": "1.0", "added_tokens": [], "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]}, "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "vocab": {token: number for number, token in enumerate(tokens)},
                  "merges": fields["tokenizer.ggml.merges"].contents()}}))  # fmt: skip
    return path


def make_texts(qwen2):
    tokenizer = Tokenizer.from_file(str(qwen2))
    words = [tokenizer.decode([number]) for number in range(tokenizer.get_vocab_size())]
    words = [word for word in words if word and all("\u4e00" <= c <= "\u9fff" for c in word)]
    rng = random.Random(1)
    sentences = ["".join(rng.choices(words, k=rng.randint(5, 60))) + "。" for _ in range(6000)]
    read = lambda *patterns: "\n".join(
        path.read_text() for pattern in patterns for path in sorted(peers.ROOT.glob(pattern)))
    return {"English": read("*.md", "docs/*.md", "docs/passes/*.md", "LICENSE.txt"), "Chinese": "\n".join(sentences),
            "C++": read("compiler/**/*.cpp", "runtime/**/*.cpp")}  # fmt: skip


def user_seconds(path, text):
    """Of quipu tokenize, and what it prints."""
    before = os.times()
    result = subprocess.run([peers.QUIPU, "tokenize", path], input=text, capture_output=True, text=True, check=True)
    after = os.times()
    return after.children_user - before.children_user, result.stdout.splitlines()


def measure(path, text):
    """Megabytes a second of PyPI's tokenizers and of Quipu."""
    lines = text.split("\n")
    theirs = Tokenizer.from_file(str(path))
    theirs.no_truncation()
    theirs.no_padding()
    seconds = []
    for _ in range(3):
        start = time.process_time()
        expected = [theirs.encode(line).ids for line in lines]
        seconds.append(time.process_time() - start)
    ours = [user_seconds(path, "\n".join([text] * REPEATS) + "\n") for _ in range(3)]
    found = [[int(number) for number in line.split()] for line in ours[0][1][: len(lines)]]
    differ = sum(a != b for a, b in zip(found, expected))
    if differ:
        peers.fail(f"{differ} of {len(lines)} lines have other ids")
    reading = min(user_seconds(path, "a\n")[0] for _ in range(3))
    megabytes = len(text.encode()) / 1e6
    return megabytes / min(seconds), REPEATS * megabytes / max(min(time for time, _ in ours) - reading, 1e-3)


with tempfile.TemporaryDirectory() as folder:
    qwen2 = make_qwen2(folder)
    print("| tokenizer | text | tokenizers, MB/s | Quipu, MB/s | ratio |\n|---|---|---|---|---|")
    texts = make_texts(qwen2)
    for name, path in ("Qwen2", qwen2), ("MiniLM", peers.MODEL.with_name("all-MiniLM-L6-v2") / "tokenizer.json"):
        for language, text in texts.items():
            theirs, ours = measure(path, text)
            print(f"| {name} | {language} | {theirs:.1f} | {ours:.1f} | {ours / theirs:.1f} |", flush=True)
