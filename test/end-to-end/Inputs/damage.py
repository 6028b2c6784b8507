"""Damages each file of a kernel cache in one of several ways.

usage: damage.py [--check] FOLDER

With --check, says that every file is whole again: its length is the header's.
"""

import os
import sys

folder = sys.argv[-1]
for number, name in enumerate(sorted(os.listdir(folder))):
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        data = file.read()
    if "--check" in sys.argv:
        header = 8 + 8 + 32  # magic, length, hash
        if len(data) != header + int.from_bytes(data[8:16], "little"):
            sys.exit(f"{name} was not made again")
        continue
    middle = len(data) // 2
    data = [
        data[:middle],
        data + b"\0",
        data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:],
        b"nonsense",
        b"",
        data[:20] + bytes([data[20] ^ 128]) + data[21:],  # of the hash
        data[:8] + b"\xff" * 8 + data[16:],
    ][number % 7]
    with open(path, "wb") as file:
        file.write(data)
