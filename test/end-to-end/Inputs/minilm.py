"""Compares a sentence encoder's embeddings with what sentence-transformers makes of the same ids.

usage: minilm.py PROGRAM minilm.json TOLERANCE
"""

import json
import subprocess
import sys

import numpy as np

program, path, tolerance = sys.argv[1:]
with open(path) as file:
    items = json.load(file)["items"]
worst = 0
for item in items:
    tokens = " ".join(map(str, item["ids"]))
    subprocess.run([program, "embed", "--tokens", tokens, "--outputs", "outputs"], check=True)
    embedding = np.load("outputs/embedding.npy")[0]
    worst = max(worst, np.abs(embedding - np.array(item["embedding"])).max())
if not worst <= float(tolerance):
    sys.exit(f"an embedding is {worst:.1e} off")
print(f"{len(items)} texts, at most {worst:.1e} off")
