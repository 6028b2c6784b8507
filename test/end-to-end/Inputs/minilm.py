"""Compares a sentence encoder's ids and embeddings of texts with those of sentence-transformers.

usage: minilm.py PROGRAM minilm.json TOLERANCE

All texts are given at once.
"""

import json
import subprocess
import sys

import numpy as np

program, path, tolerance = sys.argv[1:]
with open(path) as file:
    expected = json.load(file)["items"]


def run(command):
    lines = "".join(json.dumps({"text": item["text"]}) + "\n" for item in expected)
    return [json.loads(line) for line in subprocess.run(
        [program, command, "--jsonl", "--format", "json"], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()]


worst = 0
for item, tokens, vector in zip(expected, run("tokenize"), run("embed"), strict=True):
    if tokens["ids"] != item["ids"]:
        sys.exit(f"{item['text'][:60]!r} has the ids {tokens['ids']}, expected {item['ids']}")
    worst = max(worst, np.abs(np.array(vector["embedding"]) - np.array(item["embedding"])).max())
if not worst <= float(tolerance):
    sys.exit(f"an embedding is {worst:.1e} off")
print(f"{len(expected)} texts, at most {worst:.1e} off")
