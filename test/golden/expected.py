"""Prints and checks what a folder's expected.safetensors holds.

usage: expected.py tokens FOLDER                    the input ids
       expected.py greedy FOLDER [N]                their greedy continuation
       expected.py compare A B.npy [TOLERANCE [NAME]]
                                                    A: a folder, or a .npy file

`compare` fails unless max |A - B| <= TOLERANCE * max |A| (default 1e-4) and
both hold the same finite shape. A folder's tensor is NAME, or the logits.
"""

import sys
from pathlib import Path

import numpy as np

import safetensors_file


def expected(folder):
    return safetensors_file.read(Path(folder) / "expected.safetensors")


def compare(a, b, tolerance="1e-4", name="logits"):
    want = np.load(a) if a.endswith(".npy") else expected(a)[name]
    have = np.load(b)
    if want.ndim == 1:  # of the one sequence
        want = want[None]
    if want.shape != have.shape:
        sys.exit(f"{b}: shape {have.shape}, expected {want.shape}")
    if not np.isfinite(have).all():
        sys.exit(f"{b}: not all numbers are finite")
    error = np.abs(have.astype(np.float64) - want).max() / np.abs(want).max()
    print(f"relative error {error:.2e}")
    if error > float(tolerance):
        sys.exit(f"{b}: relative error {error:.2e} exceeds {tolerance}")


def main():
    command, *args = sys.argv[1:] or [""]
    if command == "tokens" and len(args) == 1:
        print(*expected(args[0])["input_ids"])
    elif command == "greedy" and len(args) in (1, 2):
        greedy = expected(args[0])["greedy"]
        print(*greedy[:int(args[1]) if len(args) == 2 else len(greedy)])
    elif command == "compare" and len(args) in (2, 3, 4):
        compare(*args)
    else:
        sys.exit(__doc__)


main()
