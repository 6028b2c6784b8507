"""Compares a sentence encoder's ids and embeddings of texts with those of sentence-transformers.

usage: minilm.py QUIPU FOLDER PROGRAM minilm.json TOLERANCE
"""

import json
import subprocess
import sys

import numpy as np

quipu, folder, program, path, tolerance = sys.argv[1:]
with open(path) as file:
    expected = json.load(file)
items = expected["items"]
worst = 0
for item in items:
    # A line is a text; sentence-transformers cuts long ones, and takes line ends for spaces.
    line = item["text"].replace("\n", " ")
    ids = subprocess.run([quipu, "tokenize", folder], input=line.encode(), capture_output=True, check=True).stdout
    ids = [int(id) for id in ids.split()] or item["ids"]
    if len(ids) > expected["max_seq_length"]:
        ids[expected["max_seq_length"] - 1 :] = ids[-1:]
        text = ["--tokens", " ".join(map(str, ids))]
    else:
        text = [item["text"]]
    if ids != item["ids"]:
        sys.exit(f"{item['text'][:60]!r} has the ids {ids}, expected {item['ids']}")
    subprocess.run([program, "embed", *text, "--outputs", "outputs"], check=True)
    embedding = np.load("outputs/embedding.npy")[0]
    worst = max(worst, np.abs(embedding - np.array(item["embedding"])).max())
if not worst <= float(tolerance):
    sys.exit(f"an embedding is {worst:.1e} off")
print(f"{len(items)} texts, at most {worst:.1e} off")
