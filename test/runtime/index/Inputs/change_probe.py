"""Copies an index and changes the sign of the largest number of its probe's vector.

usage: change_probe.py INDEX COPY
"""

import sys

import numpy as np


def aligned(size):
    return (size + 63) // 64 * 64


source, copy = sys.argv[1:]
data = bytearray(open(source, "rb").read())
dimensions = int(np.frombuffer(data, np.uint32, 1, 12)[0])
passages = int(np.frombuffer(data, np.uint64, 1, 24)[0])
probe = np.frombuffer(data, np.float32, dimensions, aligned(72) + passages * aligned(2 * dimensions))
probe[np.abs(probe).argmax()] *= -1
open(copy, "wb").write(data)
