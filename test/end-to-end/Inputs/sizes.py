"""Checks how large a program is, on disk and in memory.

usage: sizes.py PROGRAM CHECKPOINT

The file may be 5 % larger than the checkpoint. In memory may be weights, the cache
of the positions asked for, and 30 MB.
"""

import os
import re
import resource
import subprocess
import sys

program, checkpoint = sys.argv[1:]
size, limit = os.path.getsize(program), os.path.getsize(checkpoint) * 1.05
print(f"{size / 1e6:.1f} MB, limit {limit / 1e6:.1f} MB")
assert size <= limit

version = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True).stdout
weights = float(re.search(r"weights: +([\d.]+) MB", version)[1]) * 1e6
positions = 256
cache = 30 * 2 * 3 * 64 * 2 * positions  # layers, keys and values, heads, dimensions, bytes
subprocess.run([program, "--tokens", "504 " * 200, "-n", "50", "--ignore-eos",
                "--context", str(positions)], check=True, stdout=subprocess.DEVNULL)
resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
limit = weights + cache + 30e6
print(f"{resident / 1e6:.1f} MB resident, limit {limit / 1e6:.1f} MB")
assert weights < resident <= limit
