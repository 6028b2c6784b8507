"""cache_write and attention, over both types of cache."""

import ctypes

import numpy as np

from reference import Rows, StepArgs, call, near, normal, random, run, same

layers, slots, context = 2, 3, 48
types = [np.float16, np.float32]


def pack_layer(keys, values):
    """[slot][head][position][dim] each -> a layer of StepArgs::cache"""
    slots, heads, context, dim = keys.shape
    tiles = keys.reshape(slots, heads, context // 16, 16, dim).swapaxes(3, 4)
    return np.concatenate([tiles.ravel(), values.ravel()])


def check_write(number, heads, dim):
    key, value = normal(7, heads, dim), normal(7, heads, dim)
    special = [65519.99, 65520, -1e9, 1e-9, 2.0**-25, 3 * 2.0**-25, -6.1e-5, 2049, 2051]
    key.flat[: len(special)] = special
    positions = np.array([0, 1, 17, 47, 0, 16, 15], np.int32)
    sequences = np.array([0, 0, 0, 0, 2, 2, 1], np.int32)
    dense = normal(layers, 2, slots, heads, context, dim).astype(types[number])
    cache = np.concatenate([pack_layer(*layer) for layer in dense])
    args = StepArgs(positions, sequences, cache, context, slots)
    for begin, end in [(4, 7), (0, 4)]:
        call(
            "cache_write", args, ctypes.c_int32(1), ctypes.c_int32(number),
            Rows(key), Rows(value), heads, dim, begin, end,
        )
    with np.errstate(over="ignore"):
        dense[1, 0, sequences, :, positions] = key
        dense[1, 1, sequences, :, positions] = value
    same(cache, np.concatenate([pack_layer(*layer) for layer in dense]), "cache_write")


def attend(q, keys, values, scale, window, cap, sink):
    first = max(0, len(keys) - window) if window else 0
    scores = scale * (keys[first:] @ q)
    if cap:
        scores = cap * np.tanh(scores / cap)
    weights = np.exp(scores - scores.max())
    extra = np.exp(sink - scores.max()) if sink is not None else 0
    return weights @ values[first:] / (weights.sum() + extra)


def check_attention(number, heads, cached, dim, window=0, cap=0.0, sinks=None):
    dense = normal(layers, 2, slots, cached, context, dim).astype(types[number])
    cache = np.concatenate([pack_layer(*layer) for layer in dense])
    positions = np.array([0, 47, 16, 15, 30], np.int32)
    sequences = np.array([1, 0, 2, 0, 2], np.int32)
    args = StepArgs(positions, sequences, cache, context, slots)
    q, scale = 2 * normal(5, heads, dim), np.float32(0.37)
    got = run(
        "attention", args, ctypes.c_int32(1), ctypes.c_int32(number), Rows(q),
        heads, cached, dim, scale, window, cap, sinks, shape=q.shape,
    )
    wanted = np.empty(q.shape)
    for token, (position, slot) in enumerate(zip(positions, sequences)):
        for head in range(heads):
            kept = dense[1, :, slot, head * cached // heads, : position + 1]
            wanted[token, head] = attend(
                np.float64(q[token, head]), *np.float64(kept), np.float64(scale),
                window, cap, None if sinks is None else np.float64(sinks[head]),
            )
    near(got, wanted, what=f"attention {types[number]} {heads} {cached} {dim} {window} {cap}")


for number in range(2):
    check_write(number, 2, 8)
    check_write(number, 1, 5)
    for heads, cached, dim in [(1, 1, 4), (9, 3, 64), (4, 1, 7), (2, 2, 33)]:
        check_attention(number, heads, cached, dim)
        check_attention(number, heads, cached, dim, window=5)
        check_attention(number, heads, cached, dim, window=1000)
        check_attention(number, heads, cached, dim, cap=1.5)
        sinks = 9 * normal(heads)
        check_attention(number, heads, cached, dim, window=16, cap=3.0, sinks=sinks)
print("cache_write, attention: as numpy")
