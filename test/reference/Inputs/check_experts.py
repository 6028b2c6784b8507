"""The runtime's choice of experts, as the reference chooses, and its order of choices."""

import ctypes

import numpy as np

from reference import Rows, call, library, random


def choose(scores, count, bias, groups, kept, by, normalized):
    ids, weights = np.zeros(count, np.int32), np.zeros(count, np.float32)
    pointers = [None if array is None else array.ctypes.data_as(ctypes.c_void_p)
                for array in (scores, bias, ids, weights)]
    library.quipu_top_k.restype = None
    library.quipu_top_k(pointers[0], len(scores), pointers[1], count, groups, kept, by, normalized,
                        *pointers[2:])
    return ids, weights


for _ in range(3000):
    groups, size = random.integers(1, 5), random.integers(1, 6)
    kept, by = random.integers(1, groups + 1), int(random.integers(1, 3))
    if random.integers(2):
        groups, kept, size = 1, 1, groups * size
    experts = int(groups * size)
    count = int(random.integers(1, size * kept + 1))
    # Ties, and what is no number.
    scores = random.integers(-1, 4, experts).astype(np.float32)
    scores[random.random(experts) < 0.05] = np.nan
    scores[random.random(experts) < 0.05] = np.inf
    scores[random.random(experts) < 0.05] = -np.inf
    bias = random.integers(-1, 2, experts).astype(np.float32) if random.integers(2) else None
    normalized = int(random.integers(2))
    ids, weights = Rows(np.zeros((1, count), np.int32)), Rows(np.zeros((1, count), np.float32))
    call("top_k", Rows(scores[None]), experts, bias, count, int(groups), int(kept), by,
         ctypes.c_int32(normalized), ids, weights, 0, 1)
    have, have_weights = choose(scores, count, bias, int(groups), int(kept), by, normalized)
    what = scores, bias, count, groups, kept, by
    assert have.tolist() == ids.values()[0].tolist(), what
    assert np.allclose(have_weights, weights.values()[0], 1e-6, 0, equal_nan=True), what

# Three tokens of stride 4 that choose two of 7 each, in groups of two.
ids = np.array([[5, 1, -1, -1], [1, 0, -1, -1], [5, 3, -1, -1]], np.int32)
order, first, tiles = np.full(10, -1, np.int32), np.zeros(8, np.int32), np.zeros(8, np.int32)
library.quipu_sort_choices.restype = None
library.quipu_sort_choices(
    ids.ctypes.data_as(ctypes.c_void_p), 4, 3, 2, 7, 2, 4,
    *(array.ctypes.data_as(ctypes.c_void_p) for array in (order, first, tiles)))
assert order.tolist() == [3, 1, 2, 5, 0, 4, 0, 0, 0, 0], order
assert first.tolist() == [0, 1, 3, 3, 4, 4, 6, 6], first
assert tiles.tolist() == [0, 1, 2, 2, 3, 3, 4, 4], tiles
print("experts: as the reference")
