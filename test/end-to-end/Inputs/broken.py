"""Builds programs of broken copies of a checkpoint.

usage: broken.py QUIPU CHECKPOINT FOLDER

Files that are cut off must be refused; of files with a flipped bit in the header
most are: the others must become programs that run. A refusal is exit status 1 and
one error, and leaves nothing in the folder.
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import gguf

quipu, checkpoint, folder = sys.argv[1:]
broken, out = Path("broken.gguf"), Path(folder, "program")


def build():
    """None, or how quipu refuses the file."""
    result = subprocess.run([quipu, "build", broken, "-o", out, "--target=reference"],
                            stderr=subprocess.PIPE, text=True, errors="replace")
    if result.returncode == 0:
        return None
    left = list(Path(folder).iterdir())
    if result.returncode != 1 or result.stderr.count("error: ") != 1 or left:
        sys.exit(f"exit status {result.returncode}, left {left}: {result.stderr}")
    return result.stderr


shutil.copy(checkpoint, broken)
size = broken.stat().st_size
reader = gguf.GGUFReader(checkpoint)
header = reader.data_offset
first_tensor = min(tensor.field.offset for tensor in reader.tensors)
del reader

chance = random.Random(1)
places = [chance.randrange(0, 1200) for _ in range(15)]  # the first keys
places += [chance.randrange(1200, first_tensor) for _ in range(10)]  # mostly the tokenizer
places += [chance.randrange(first_tensor, header) for _ in range(15)]
refused = 0
for place in places:
    with open(broken, "r+b") as file:
        file.seek(place)
        byte = file.read(1)
        bit = 1 << chance.randrange(8)
        file.seek(place)
        file.write(bytes([byte[0] ^ bit]))
        file.flush()
        if build():
            refused += 1
        else:
            status = subprocess.run([out, "Hello", "-n", "1", "--context", "16"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode
            if status not in (0, 1):
                sys.exit(f"bit {bit} of byte {place} flipped: the program ends with {status}")
            out.unlink()
        file.seek(place)
        file.write(byte)
print(f"{len(places)} bits flipped, {refused} refused")
if refused < 10:
    sys.exit("the bits are not where they matter")

with open(broken, "r+b") as file:
    file.truncate(size + 4096)
if build():
    sys.exit("padding after the last tensor is no mistake")
out.unlink()
for end in [size - 1, size - 4096, size // 2, header + 1, header, header - 1, first_tensor,
            1000, 24, 23, 4, 3, 0]:
    with open(broken, "r+b") as file:
        file.truncate(end)
    if not build():
        sys.exit(f"cut off at {end}: not refused")
