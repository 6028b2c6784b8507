"""Checks that logits do not depend on the kernels' tiles and panels.

usage: tuned.py QUIPU MODEL

Builds MODEL twice, with the cost model's schedules and with a file of others, and
compares the logits of all positions bit by bit: some 200 tokens are read in chunks
of 1, 7 and 128.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

quipu, model = sys.argv[1:]


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def measured(program):
    report = json.loads(run(program, "--bench", "--kernels", "--json", "--threads=1", "--prefill=128", "--decode=1"))
    return report["target"], [kernel for kernel in report["kernels"] if kernel["shape"]]


def tile(kernel):
    return kernel["tile_tokens"], kernel["tiles"], kernel["panel"]


lanes = re.search(r"lanes = (\d+)", run(quipu, "build", model, "--emit", "scheduled")).group(1)
run(quipu, "build", model, "-o", "untuned")
target, kernels = measured("./untuned")
changed = {}
for kernel in kernels:
    tokens, tiles, panel = tile(kernel)
    tokens = min(kernel["tokens"], 2 if tokens == 1 else 1 if tokens == 8 else 8)
    panel = ", panel = true" if kernel["tokens"] > 16 and not panel else ""
    changed[kernel["shape"], kernel["tokens"]] = {
        "shape": kernel["shape"],
        "tokens": kernel["tokens"],
        "schedule": f"#quipu.cpu_tiles<lanes = {lanes}, tokens = {tokens}, tiles = {3 if tiles < 3 else 1}{panel}>",
        "nanoseconds": 1,
        "untuned_nanoseconds": 1,
    }
Path("tuned.json").write_text(json.dumps({
    "processor": re.search(r"\((.+)\)", target).group(1),
    "lanes": int(lanes),
    "compiler": "quipu",
    "kernels": list(changed.values()),
}))
run(quipu, "build", model, "-o", "tuned", "--tuned", "tuned.json")
for before, after in zip(kernels, measured("./tuned")[1]):
    if tile(before)[1:] == tile(after)[1:]:
        sys.exit(f"{after['name']} still has the tile {tile(after)}")

tokens = " ".join(str(i * i * 7919 % 64) for i in range(200))
for chunk in "1", "7", "128":
    for program in "untuned", "tuned":
        run(f"./{program}", "--tokens", tokens, "--logits", f"{program}.npy", "--chunk", chunk,
            "--context", "208")
    bits = Path("untuned.npy").read_bytes()
    if bits != Path("tuned.npy").read_bytes():
        sys.exit(f"other bits with chunks of {chunk}")
print(f"{len(kernels)} kernels with other tiles, {len(bits)} bytes of logits, the same")
