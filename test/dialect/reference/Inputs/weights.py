"""Random weights, packed as dialect/WeightLayout.h says."""

import ctypes

import numpy as np

from reference import random

formats = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q8_0"]


def format_number(name):
    return ctypes.c_int32(formats.index(name))


def pack_tile(rows):
    """[16][k] -> [k][16], filled up to a multiple of 64 bytes"""
    tile = np.ascontiguousarray(rows.T).view(np.uint8).ravel()
    return np.pad(tile, (0, -len(tile) % 64))


def pack_bytes(values):
    """[16][k] -> [k / 4][16][4]"""
    return values.reshape(16, -1, 4).transpose(1, 0, 2).astype(np.uint8).ravel()


def make_quantized(name, n, k):
    low, high = (-128, 128) if name == "Q8_0" else (0, 16)
    q = random.integers(low, high, (n, k))
    d = random.uniform(-1, 1, (n, k // 32)).astype(np.float16)
    m = random.uniform(-9, 9, (n, k // 32)).astype(np.float16)
    tiles = []
    for tile in range(0, n, 16):
        for block in range(k // 32):
            rows = slice(tile, tile + 16)
            values = q[rows, block * 32 : block * 32 + 32]
            tiles.append(d[rows, block].copy().view(np.uint8))
            if name == "Q4_1":
                tiles.append(m[rows, block].copy().view(np.uint8))
            if name == "Q8_0":
                tiles.append(pack_bytes(values + 128))
            else:
                tiles.append(pack_bytes(values[:, :16] | values[:, 16:] << 4))
        tiles.append(np.zeros(-sum(map(len, tiles)) % 64, np.uint8))
    scales, minima = (np.repeat(x, 32, axis=1).astype(np.float32) for x in (d, m))
    zero = {"Q8_0": 0, "Q4_0": 8, "Q4_1": 0}[name]
    values = scales * (q - zero).astype(np.float32)
    return np.concatenate(tiles), values + minima if name == "Q4_1" else values


def make_weight(name, n, k):
    """The packed bytes and the numbers [n][k] of a random weight."""
    padded = -(-n // 16) * 16
    if name.startswith("Q"):
        packed, values = make_quantized(name, padded, k)
        return packed, values[:n]
    values = random.standard_normal((padded, k)).astype(np.float32)
    if name == "F16":
        stored = values.astype(np.float16)
        values = stored.astype(np.float32)
    elif name == "BF16":
        stored = (values.view(np.uint32) >> 16).astype(np.uint16)
        values = (stored.astype(np.uint32) << 16).view(np.float32)
    else:
        stored = values
    tiles = [pack_tile(stored[row : row + 16]) for row in range(0, padded, 16)]
    return np.concatenate(tiles), values[:n]
