"""Counts lines that are not blank: of the code, folder by folder, and of the tests.

usage: count_lines.py [LEAST]

The last line says how many lines of tests there are for one of code; the exit status is
1 if it is less than LEAST.
"""

import collections
import os
import subprocess
import sys

CODE = ["abi", "weights", "dialect", "reference", "compiler", "runtime", "support"]
ENDINGS = (".h", ".c", ".cpp", ".td", ".py", ".sh", ".mlir", ".test", ".ll", ".txt", ".cmake")

files = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True)
counts = collections.Counter()
for name in files.stdout.split("\0"):
    if name.endswith(ENDINGS) and os.path.isfile(name):
        with open(name, encoding="utf-8", errors="replace") as file:
            counts[name.partition("/")[0]] += sum(not line.isspace() for line in file)

code, tests = sum(counts[folder] for folder in CODE), counts["test"]
for folder in CODE:
    print(f"{folder:10} {counts[folder]:6}")
print(f"{'code':10} {code:6}\n{'test':10} {tests:6}")
ratio = tests / max(code, 1)
print(f"{ratio:.2f} lines of tests for one of code")
sys.exit(0 if len(sys.argv) < 2 or ratio >= float(sys.argv[1]) else 1)
