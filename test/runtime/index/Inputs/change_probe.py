"""Copies an index and changes the sign of the largest number of its probe's vector.

usage: change_probe.py INDEX COPY

The checksum is right then, as docs/knowledge-base.md has it.
"""

import sys

import numpy as np


def aligned(size):
    return (size + 63) // 64 * 64


HEADER = 80
MASK = 2**64 - 1


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value ^ value >> 32


def checksum(data):
    sums, sums_of_sums = np.zeros(8, np.uint64), np.zeros(8, np.uint64)
    for block in np.frombuffer(data, np.uint64).reshape(-1, 8):
        sums += block
        sums_of_sums += sums
    joined, factor = len(data), 1
    for first, second in zip(sums, sums_of_sums):
        factor = factor * 0x9E3779B97F4A7C15 & MASK
        joined += factor * int(first) + (factor << 1) * int(second)
    joined &= MASK
    return joined ^ joined >> 32


source, copy = sys.argv[1:]
data = bytearray(open(source, "rb").read())
dimensions = int(np.frombuffer(data, np.uint32, 1, 12)[0])
passages, files = (int(count) for count in np.frombuffer(data, np.uint64, 2, 24))
begin = aligned(HEADER) + passages * aligned(2 * dimensions)
end = begin + aligned(4 * dimensions) + aligned(40 * passages) + aligned(56 * files)
old = np.frombuffer(data, np.uint64, 1, HEADER - 8)
assert old[0] == fnv1a(data[:HEADER - 8]) ^ checksum(data[begin:end])
probe = np.frombuffer(data, np.float32, dimensions, begin)
probe[np.abs(probe).argmax()] *= -1
old[0] = fnv1a(data[:HEADER - 8]) ^ checksum(data[begin:end])
open(copy, "wb").write(data)
