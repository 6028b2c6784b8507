"""cache_write and attention, over all types of cache, in pages out of order."""

import ctypes

import numpy as np

from reference import Rows, StepArgs, call, near, normal, random, run, same

layers, slots, context = 2, 3, 256  # two pages a slot
pageTable = np.array([[4, 1], [0, 5], [2, 3]], np.int32)
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


def pack_half(kept, are_keys):
    """Stored [slot][head][position][dim] -> [slot][page][bytes of a layer's half]"""
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
    bytes = np.ascontiguousarray(groups).reshape(slots, heads, context // 128, -1).view(np.uint8)
    return bytes.swapaxes(1, 2).reshape(slots, context // 128, -1)


def pack(keys, values, kind):
    """[layer][slot][head][position][dim] each -> pages, as pageTable has them"""
    halves = [
        pack_half(stored(half[layer], kind), half is keys)
        for layer in range(layers) for half in (keys, values)
    ]
    dense = np.concatenate(halves, axis=-1)
    pages = np.empty((pageTable.size, dense.shape[-1]), np.uint8)
    pages[pageTable] = dense
    return pages


def place(layer, heads, key_dim, value_dim):
    """The arguments that say where the layer lies."""
    numbers = heads * (key_dim + value_dim)
    return 0, layers * numbers, layer * numbers


def check_write(number, heads, key_dim, value_dim):
    key, value = normal(7, heads, key_dim), normal(7, heads, value_dim)
    special = [65519.99, 65520, -1e9, 1e-9, 2.0**-25, 3 * 2.0**-25, -6.1e-5, 2049, 2051]
    key.flat[: len(special)] = special
    positions = np.array([0, 1, 17, 255, 128, 127, 15], np.int32)
    sequences = np.array([0, 0, 0, 0, 2, 2, 1], np.int32)
    kind = types[number]
    keys, values = (normal(layers, slots, heads, context, dim) for dim in (key_dim, value_dim))
    pages = pack(keys, values, kind)
    args = StepArgs(positions, sequences, pages, pageTable)
    for begin, end in [(4, 7), (0, 4)]:
        call(
            "cache_write", args, *place(1, heads, key_dim, value_dim), ctypes.c_int32(number),
            heads, key_dim, value_dim, ctypes.c_int32(0), Rows(key), Rows(value), begin, end,
        )
    keys[1, sequences, :, positions] = key
    values[1, sequences, :, positions] = value
    same(pages, pack(keys, values, kind), "cache_write")


def attend(q, keys, values, scale, window, cap, sink):
    first = max(0, len(keys) - window) if window else 0
    scores = scale * (keys[first:] @ q)
    if cap:
        scores = cap * np.tanh(scores / cap)
    weights = np.exp(scores - scores.max())
    extra = np.exp(sink - scores.max()) if sink is not None else 0
    return weights @ values[first:] / (weights.sum() + extra)


def check_attention(number, heads, cached, dim, window=0, cap=0.0, sinks=None, full=0, value_dim=0):
    kind, value_dim = types[number], value_dim or dim
    keys, values = (normal(layers, slots, cached, context, size) for size in (dim, value_dim))
    pages = pack(keys, values, kind)
    keys, values = (read(stored(half, kind)) for half in (keys, values))
    positions = np.array([0, 47, 16, 15, 200, 127, 128], np.int32)
    sequences = np.array([1, 0, 2, 0, 2, 1, 1], np.int32)
    ends = np.array([129, 48, 201, 48, 201, 129, 129], np.int32)
    args = StepArgs(positions, sequences, pages, pageTable, ends)
    q, scale = 2 * normal(len(positions), heads, dim), np.float32(0.37)
    got = run(
        "attention", args, *place(1, cached, dim, value_dim), ctypes.c_int32(number), cached, dim,
        value_dim, ctypes.c_int32(0), Rows(q), heads, ctypes.c_int32(full), scale, window, cap, sinks,
        shape=(len(positions), heads, value_dim),
    )
    wanted = np.empty(got.shape)
    for token, (position, slot) in enumerate(zip(positions, sequences)):
        for head in range(heads):
            end = ends[token] if full else position + 1
            kept = (half[1, slot, head * cached // heads, :end] for half in (keys, values))
            wanted[token, head] = attend(
                np.float64(q[token, head]), *kept, np.float64(scale),
                window, cap, None if sinks is None else np.float64(sinks[head]),
            )
    near(got, wanted, what=f"attention {kind} {heads} {cached} {dim} {window} {cap} {full}")


for number, kind in enumerate(types):
    for heads, dim in [(2, 32), (1, 96)] if kind == "q8_0" else [(2, 8), (1, 5)]:
        check_write(number, heads, dim, dim)
        check_write(number, heads, dim, 2 * dim)
    shapes = [(1, 1, 4), (9, 3, 64), (4, 1, 7), (2, 2, 33)]
    if kind == "q8_0":
        shapes = [(9, 3, 64), (2, 2, 32)]
    for heads, cached, dim in shapes:
        check_attention(number, heads, cached, dim)
        check_attention(number, heads, cached, dim, window=5)
        check_attention(number, heads, cached, dim, window=1000)
        check_attention(number, heads, cached, dim, cap=1.5)
        check_attention(number, heads, cached, dim, full=1, cap=2.0)
        check_attention(number, heads, cached, dim, value_dim=3 * dim)
        sinks = 9 * normal(heads)
        check_attention(number, heads, cached, dim, window=16, cap=3.0, sinks=sinks)
print("cache_write, attention: as numpy")
