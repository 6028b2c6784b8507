"""Compares a golden model with experts on the processor at hand and on the reference target.

usage: experts.py QUIPU FOLDER TYPE...

The folder is one of test/golden, or any with `expected.safetensors` for its tokens.

For each type of weights: logits of the first positions within 5 % of the largest of the
reference's, which rounds no activations, so that sooner or later it chooses another
expert, for all that follows; and the same bits in chunks of 1, 5, 16 and all, with 1 and
2 threads.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[2] / "golden"
quipu, folder, *types = sys.argv[1:]


def run(*command):
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def logits(program, *options):
    run(f"./{program}", "--tokens", tokens, "--cache-type=f32", "--logits=logits.npy", *options)
    return np.load("logits.npy")


tokens = run(sys.executable, GOLDEN / "expected.py", "tokens", GOLDEN / folder)
for kind in types:
    run(sys.executable, GOLDEN / "to_gguf.py", GOLDEN / folder, "experts.gguf", "--type", kind)
    for target in ("reference", "native"):
        run(quipu, "build", "experts.gguf", "--target", target, "-o", target)
    exact, rounded = logits("reference"), logits("native")
    errors = np.abs(rounded - exact).max(axis=-1) / np.abs(exact).max()
    print(folder, kind, f"relative error {errors[:4].max():.2e}, in the end {errors.max():.2e}")
    assert np.isfinite(rounded).all() and errors[:4].max() < 5e-2
    for options in (["--chunk", 1], ["--chunk", 5], ["--chunk", 16], ["--threads", 1],
                    ["--threads", 2, "--chunk", 7]):
        assert logits("native", *options).tobytes() == rounded.tobytes(), (kind, options)
