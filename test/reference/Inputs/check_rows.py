"""Norms, rotations and what goes number by number."""

import ctypes
import math
import os
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(__file__), *2 * [os.pardir], "codegen", "host", "Inputs"))
from reference import Rows, StepArgs, call, near, normal, run, same
from rope_frequencies import cases as rope_cases, expected as rope_frequencies

big = np.float64


def sigmoid(x):
    return 1 / (1 + np.exp(-big(x)))


erf = np.vectorize(math.erf)

for size in (1, 31, 64):
    x, weight = normal(4, 3, size), normal(size)
    norm = big(x) / np.sqrt((big(x) ** 2).mean(axis=-1, keepdims=True) + 0.25)
    got = run("rms_norm", Rows(x), weight, size, 0.25, 3, size, shape=x.shape)
    near(got, norm * weight, what="rms_norm")
    got = run("rms_norm", Rows(x), None, 0, 0.25, 3, size, shape=x.shape)
    near(got, norm, what="rms_norm without a weight")
    each, bias = normal(3, size), normal(3, size)
    got = run("rms_norm", Rows(x), each, 3 * size, 0.25, 3, size, shape=x.shape)
    near(got, norm * each, what="rms_norm of each head")
    centred = big(x) - big(x).mean(axis=-1, keepdims=True)
    norm = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 0.25)
    got = run("layer_norm", Rows(x), each, 3 * size, bias, 3 * size, 0.25, 3, size, shape=x.shape)
    near(got, norm * each + bias, what="layer_norm of each head")
    if size > 1:
        got = run("layer_norm", Rows(x), weight, size, None, 0, 0.25, 3, size, shape=x.shape)
        near(got, norm * weight, what="layer_norm without a bias")
    flat = big(x).reshape(4, -1)
    flat = flat - flat.mean(axis=-1, keepdims=True)
    norm = flat / np.sqrt((flat**2).mean(axis=-1, keepdims=True) + 0.25)
    got = run("layer_norm", Rows(x), None, 0, bias, 3 * size, 0.25, 1, 3 * size, shape=x.shape)
    near(got.reshape(4, -1), norm + bias.reshape(-1), what="layer_norm of a token")

    length = np.sqrt((big(x) ** 2).sum(axis=-1, keepdims=True))
    near(run("l2_norm", Rows(x), 3, size, shape=x.shape), big(x) / length, what="l2_norm")
    zeros = np.zeros((2, 3, size), np.float32)
    same(run("l2_norm", Rows(zeros), 3, size, shape=zeros.shape), zeros, "l2_norm of nothing")

    shifted = x + 200  # e^200 is no f32
    e = np.exp(big(shifted) - 200)
    got = run("softmax", Rows(shifted), 3, size, shape=x.shape)
    near(got, e / e.sum(axis=-1, keepdims=True), 1e-6, what="softmax")

    x, y = 3 * normal(4, size), normal(4, size)
    x[0, 0] = 2  # relu leaves something
    flat = {"shape": x.shape}
    near(run("swiglu", Rows(x), Rows(y), size, **flat), x * sigmoid(x) * y, what="swiglu")
    same(run("add", Rows(x), Rows(y), size, **flat), x + y, "add")
    same(run("mul", Rows(x), Rows(y), size, **flat), x * y, "mul")
    same(run("scale", Rows(x), 0.1, size, **flat), x * np.float32(0.1), "scale")
    same(run("clamp", Rows(x), -0.5, 0.25, size, **flat), np.clip(x, np.float32(-0.5), np.float32(0.25)), "clamp")
    nan = np.full_like(x, np.nan)
    assert np.isnan(run("clamp", Rows(nan), -0.5, 0.25, size, **flat)).all(), "clamp makes a number"
    tanh_form = np.tanh(math.sqrt(2 / math.pi) * (big(x) + 0.044715 * big(x) ** 3))
    kinds = [
        x * sigmoid(x),
        0.5 * x * (1 + erf(x / math.sqrt(2))),
        0.5 * x * (1 + tanh_form),
        np.maximum(x, 0),
        sigmoid(x),
        np.tanh(big(x)),
    ]
    for kind, wanted in enumerate(kinds):
        got = run("activate", Rows(x), ctypes.c_int32(kind), size, **flat)
        near(got, wanted, what=f"activate {kind}")
    for kind in (-1, len(kinds)):
        got = run("activate", Rows(x), ctypes.c_int32(kind), size, **flat)
        assert np.isnan(got).all(), f"activate {kind} answers"
    same(run("copy", Rows(x), 4 * size, **flat), x, "copy")

def top_k(scores, count, bias=None, groups=1, kept=1, by=2, normalized=False):
    """Ids and weights of one token, in plain numpy."""
    choice = scores + (0 if bias is None else bias)
    choice = np.where(np.isnan(choice), -np.inf, choice).reshape(groups, -1)
    best = np.sort(choice, axis=1)[:, -by:].sum(axis=1)
    kept = np.argsort(-best, kind="stable")[:kept]
    masked = np.full(choice.shape, -np.inf)
    masked[kept] = choice[kept]
    ids = np.argsort(-masked.ravel(), kind="stable")[:count]
    return ids, scores[ids] / ((big(scores[ids]).sum() + 1e-20) if normalized else 1)


scores = np.abs(normal(6, 12))
scores[1] = 1  # ties: the smallest ids
scores[2, :8] = np.nan
bias = normal(12)
for count, extra, groups, kept, by in [(1, None, 1, 1, 2), (12, None, 1, 1, 2), (3, bias, 1, 1, 2),
                                       (4, bias, 3, 1, 2), (5, None, 6, 3, 2), (5, None, 3, 2, 1)]:
    for normalized in (0, 1):
        ids, weights = (Rows(np.zeros((6, count), kind)) for kind in (np.int32, np.float32))
        call("top_k", Rows(scores), 12, extra, count, groups, kept, by,
             ctypes.c_int32(normalized), ids, weights, 0, 6)
        for t in range(6):
            if t == 2 and (count > 4 or groups > 1):
                continue  # those without a number are of one rank
            wanted, weight = top_k(scores[t], count, extra, groups, kept, by, normalized)
            assert ids.values()[t].tolist() == wanted.tolist(), f"top_k {t}"
            near(weights.values()[t], weight, what="top_k")
each, weights = normal(4, 3, 5), normal(4, 3)
near(run("sum", Rows(each), Rows(weights), 3, 5, shape=(4, 5)),
     np.einsum("tkn,tk->tn", big(each), big(weights)), what="sum")

positions = np.array([0, 1, 77, 131071], np.int32)
lengths = np.array([1, 100, 100, 131072], np.int32)
args = StepArgs(positions, lengths=lengths)
for dims, theta, scaling in rope_cases:
    kind = ["none", "linear", "llama3", "yarn", "longrope", "dynamic"].index(scaling.get("type", "none"))
    frequencies, scale = rope_frequencies(dims, theta, scaling)
    context = scaling.get("original_context", 0)
    if kind == 5:
        growth = scaling["factor"] * np.maximum(lengths, context) / context - (scaling["factor"] - 1)
        frequencies = frequencies / growth[:, None] ** (np.arange(0, dims, 2) / (dims - 2))
    fields = [scaling.get(name, missing) for name, missing in [
        ("factor", 1), ("original_context", 0), ("low", 0), ("high", 0), ("beta_fast", 32),
        ("beta_slow", 1)]] + [scale]
    long = np.linspace(1, 8, dims // 2, dtype=np.float32)
    for factors, short in ((None, None), (long, None), (long, 1 / long)):
        got = run("rope_angles", args, dims, ctypes.c_double(theta), ctypes.c_int32(kind),
                  *map(ctypes.c_double, fields), ctypes.c_int32(scaling.get("truncate", 1)), factors, short,
                  None, None, None, 0, 0, ctypes.c_int32(0), shape=(4, dims // 2, 2))
        slower = np.ones((4, dims // 2)) if factors is None else np.tile(big(factors), (4, 1))
        if short is not None:
            slower[lengths <= context] = short
        angles = positions[:, None] * (frequencies / slower)
        near(got[..., 0], scale * np.cos(angles), what=f"cosines {scaling}")
        near(got[..., 1], scale * np.sin(angles), what=f"sines {scaling}")

# Places on axes: of [4 tokens, 3 axes].
axes = np.array([[0, 0, 0], [5, 1, 7], [5, 131071, 2], [9, 9, 9]], np.int32)
columns = [np.ascontiguousarray(axes[:, axis]) for axis in range(3)]
frequencies, _ = rope_frequencies(16, 10000.0, {})
for interleaved, height, width, of_pairs in [(0, 3, 3, [0, 0, 1, 1, 1, 2, 2, 2]), (1, 2, 1, [0, 1, 2, 0, 1, 0, 0, 0]),
                                             (0, 0, 8, [2] * 8)]:
    got = run("rope_angles", args, 16, ctypes.c_double(10000.0), ctypes.c_int32(0), *map(ctypes.c_double, [1, 0, 0, 0, 32, 1, 1]),
              ctypes.c_int32(1), None, None, *columns, height, width, ctypes.c_int32(interleaved), shape=(4, 8, 2))
    near(got[..., 0], np.cos(axes[:, of_pairs] * frequencies), what="cosines of axes")
    near(got[..., 1], np.sin(axes[:, of_pairs] * frequencies), what="sines of axes")

for heads, dim, half, start in [(1, 2, 1, 0), (3, 8, 4, 0), (2, 10, 3, 0), (2, 10, 3, 3)]:
    x, angles = normal(4, heads, dim), normal(4, half, 2)
    turn = big(angles[..., 0]) + 1j * big(angles[..., 1])
    for halves in (0, 1):
        pairs = start + np.arange(2 * half)
        first, second = (pairs[:half], pairs[half:]) if halves else (pairs[::2], pairs[1::2])
        turned = (x[..., first] + 1j * x[..., second]) * turn[:, None]
        wanted = big(x)
        wanted[..., first], wanted[..., second] = turned.real, turned.imag
        got = run(
            "rope", Rows(x), Rows(angles), ctypes.c_int32(halves), heads, dim, half, start,
            shape=x.shape,
        )
        near(got, wanted, what=f"rope {heads} {dim} {half} {start} {halves}")
        same(got[..., start + 2 * half :], x[..., start + 2 * half :], "what does not turn")
        same(got[..., :start], x[..., :start], "what does not turn")
for heads, others in [(3, 3), (3, 1), (1, 3)]:
    x, y = normal(4, heads, 5), normal(4, others, 2)
    wanted = np.concatenate([np.repeat(x, 3 // heads, 1), np.repeat(y, 3 // others, 1)], -1)
    same(run("concat", Rows(x), heads, 5, Rows(y), others, 2, shape=wanted.shape), wanted, "concat")
# Two sequences, whose rows are pooled in the order of their positions.
x, kept = normal(5, 6), np.full((2, 6), 7, np.float32)
poolings = [  # abi::Pooling
    lambda rows: np.add.accumulate(rows)[-1] / np.float32(len(rows)),
    lambda rows: np.add.accumulate(rows)[-1] / np.sqrt(np.float32(len(rows))),
    lambda rows: rows.max(0),
    lambda rows: rows[0],
    lambda rows: rows[-1],
]
for kind, pooled in enumerate(poolings):
    wanted = np.empty_like(x)
    for slot, rows in ((1, [0, 1, 4]), (0, [2, 3])):
        for count, row in enumerate(rows, 1):
            wanted[row] = pooled(x[rows[:count]])
    result = Rows(np.zeros_like(x))
    slots = np.array([1, 1, 0, 0, 1], np.int32)
    args = StepArgs(np.array([0, 1, 0, 1, 2], np.int32), slots, sums=kept)
    for begin, end in ((0, 2), (2, 5)):
        call("pool", args, 0, ctypes.c_int32(kind), Rows(x), 6, result, begin, end)
    same(result.values(), wanted, f"pool {kind}")
print("norms, rotations, pointwise ops: as numpy")
