"""Checks that logits do not depend on threads and chunks.

usage: bits.py PROGRAM

Some 200 tokens are read with 1 to 4 threads, in chunks of 1, 7 and 128; the
logits of all positions are compared bit by bit. The steps for 1, 16 and 128
tokens take turns: in chunks of 7 the second, in chunks of 128 the third.
"""

import subprocess
import sys
from pathlib import Path

tokens = " ".join(str(i * i * 7919 % 49152) for i in range(200))
for cache in "f16", "f32", "q8_0":
    first = None
    for threads in "1", "2", "3", "4":
        for chunk in "1", "7", "128":
            subprocess.run([sys.argv[1], "--tokens", tokens, "--logits", "logits.npy", "--cache-type",
                            cache, "--threads", threads, "--chunk", chunk, "--context", "208"],
                           check=True)
            bits = Path("logits.npy").read_bytes()
            first = first or bits
            if bits != first:
                sys.exit(f"other bits with {cache} cache, {threads} threads, chunks of {chunk}")
    print(f"{cache}: {len(first)} bytes, twelve times the same")
