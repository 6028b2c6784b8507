"""cache_write and attention, over all types of cache."""

import ctypes

import numpy as np

from reference import Rows, StepArgs, call, near, normal, random, run, same

layers, slots, context = 2, 3, 48
types = ["f16", "f32", "q8_0"]


def stored(numbers, kind):
    """Numbers as the cache holds them; q8_0 as integers and scales."""
    if kind == "f32":
        return numbers
    if kind == "f16":
        return np.clip(numbers, -65504, 65504).astype(np.float16)
    blocks = np.clip(numbers, -127 * 65504, 127 * 65504).reshape(*numbers.shape[:-1], -1, 32)
    largest = np.abs(blocks).max(axis=-1, keepdims=True)
    inverse = np.divide(np.float32(127), largest, out=np.zeros_like(largest), where=largest > 1e-30)
    integers = np.rint(blocks * inverse).astype(np.int8)
    return integers.reshape(numbers.shape), (largest / 127).astype(np.float16)[..., 0]


def read(kept):
    """What `stored` numbers mean."""
    if not isinstance(kept, tuple):
        return np.float64(kept)
    integers, scales = kept
    return np.repeat(np.float64(scales), 32, axis=-1) * integers


def pack_layer(keys, values):
    """Stored [slot][head][position][dim] each -> a layer of StepArgs::cache"""
    halves = []
    for kept, are_keys in [(keys, True), (values, False)]:
        integers = kept[0] if isinstance(kept, tuple) else kept
        slots, heads, context, dim = integers.shape
        groups = integers.reshape(slots, heads, context // 16, 16, dim)
        if isinstance(kept, tuple):
            if are_keys:
                groups = (np.int16(groups) + 128).astype(np.uint8)
                groups = groups.reshape(*groups.shape[:4], dim // 4, 4).swapaxes(3, 4)
            scales = kept[1].reshape(slots, heads, context // 16, 16, dim // 32).swapaxes(3, 4)
            groups = np.concatenate([
                np.ascontiguousarray(part).reshape(slots, heads, context // 16, -1).view(np.uint8)
                for part in (groups, scales)], axis=-1)
        elif are_keys:
            groups = groups.swapaxes(3, 4)
        halves.append(groups.ravel())
    return np.concatenate(halves)


def pack(dense, kind):
    return np.concatenate([pack_layer(*(stored(half, kind) for half in layer)) for layer in dense])


def check_write(number, heads, dim):
    key, value = normal(7, heads, dim), normal(7, heads, dim)
    special = [65519.99, 65520, -1e9, 1e-9, 2.0**-25, 3 * 2.0**-25, -6.1e-5, 2049, 2051]
    key.flat[: len(special)] = special
    positions = np.array([0, 1, 17, 47, 0, 16, 15], np.int32)
    sequences = np.array([0, 0, 0, 0, 2, 2, 1], np.int32)
    kind = types[number]
    dense = normal(layers, 2, slots, heads, context, dim)
    cache = pack(dense, kind)
    args = StepArgs(positions, sequences, cache, context, slots)
    for begin, end in [(4, 7), (0, 4)]:
        call(
            "cache_write", args, ctypes.c_int32(1), ctypes.c_int32(number),
            Rows(key), Rows(value), heads, dim, begin, end,
        )
    dense[1, 0, sequences, :, positions] = key
    dense[1, 1, sequences, :, positions] = value
    same(cache, pack(dense, kind), "cache_write")


def attend(q, keys, values, scale, window, cap, sink):
    first = max(0, len(keys) - window) if window else 0
    scores = scale * (keys[first:] @ q)
    if cap:
        scores = cap * np.tanh(scores / cap)
    weights = np.exp(scores - scores.max())
    extra = np.exp(sink - scores.max()) if sink is not None else 0
    return weights @ values[first:] / (weights.sum() + extra)


def check_attention(number, heads, cached, dim, window=0, cap=0.0, sinks=None):
    kind = types[number]
    dense = normal(layers, 2, slots, cached, context, dim)
    cache = pack(dense, kind)
    dense = read(stored(dense, kind))
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
                np.float64(q[token, head]), *kept, np.float64(scale),
                window, cap, None if sinks is None else np.float64(sinks[head]),
            )
    near(got, wanted, what=f"attention {kind} {heads} {cached} {dim} {window} {cap}")


for number, kind in enumerate(types):
    for heads, dim in [(2, 32), (1, 96)] if kind == "q8_0" else [(2, 8), (1, 5)]:
        check_write(number, heads, dim)
    shapes = [(1, 1, 4), (9, 3, 64), (4, 1, 7), (2, 2, 33)]
    if kind == "q8_0":
        shapes = [(9, 3, 64), (2, 2, 32)]
    for heads, cached, dim in shapes:
        check_attention(number, heads, cached, dim)
        check_attention(number, heads, cached, dim, window=5)
        check_attention(number, heads, cached, dim, window=1000)
        check_attention(number, heads, cached, dim, cap=1.5)
        sinks = 9 * normal(heads)
        check_attention(number, heads, cached, dim, window=16, cap=3.0, sinks=sinks)
print("cache_write, attention: as numpy")
