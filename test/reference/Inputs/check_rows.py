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
    got = run("rms_norm", Rows(x), weight, 0.25, 3, size, shape=x.shape)
    near(got, norm * weight, what="rms_norm")

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

positions = np.array([0, 1, 77, 131071], np.int32)
args = StepArgs(positions)
for dims, theta, scaling in rope_cases:
    kind = ["none", "linear", "llama3", "yarn"].index(scaling.get("type", "none"))
    frequencies, scale = rope_frequencies(dims, theta, scaling)
    fields = [scaling.get(name, missing) for name, missing in [
        ("factor", 1), ("original_context", 0), ("low", 0), ("high", 0), ("beta_fast", 32),
        ("beta_slow", 1)]] + [scale]
    for factors in (None, np.linspace(1, 8, dims // 2, dtype=np.float32)):
        got = run("rope_angles", args, dims, ctypes.c_double(theta), ctypes.c_int32(kind),
                  *map(ctypes.c_double, fields), factors, shape=(4, dims // 2, 2))
        angles = positions[:, None] * (frequencies / (1 if factors is None else big(factors)))
        near(got[..., 0], scale * np.cos(angles), what=f"cosines {scaling}")
        near(got[..., 1], scale * np.sin(angles), what=f"sines {scaling}")

for heads, dim, half in [(1, 2, 1), (3, 8, 4), (2, 10, 3)]:
    x, angles = normal(4, heads, dim), normal(4, half, 2)
    turn = big(angles[..., 0]) + 1j * big(angles[..., 1])
    for halves in (0, 1):
        pairs = np.arange(2 * half)
        first, second = (pairs[:half], pairs[half:]) if halves else (pairs[::2], pairs[1::2])
        turned = (x[..., first] + 1j * x[..., second]) * turn[:, None]
        wanted = big(x)
        wanted[..., first], wanted[..., second] = turned.real, turned.imag
        got = run(
            "rope", Rows(x), Rows(angles), ctypes.c_int32(halves), heads, dim, half,
            shape=x.shape,
        )
        near(got, wanted, what=f"rope {heads} {dim} {half} {halves}")
        same(got[..., 2 * half :], x[..., 2 * half :], "what does not turn")
# Two sequences, whose rows are pooled in the order of their positions.
x, kept = normal(5, 6), np.full((2, 6), 7, np.float32)
for mean in (0, 1):
    wanted = np.empty_like(x)
    for slot, rows in ((1, [0, 1, 4]), (0, [2, 3])):
        for count, row in enumerate(rows, 1):
            wanted[row] = np.add.accumulate(x[rows[:count]])[-1] / np.float32(count) if mean else x[rows[0]]
    result = Rows(np.zeros_like(x))
    slots = np.array([1, 1, 0, 0, 1], np.int32)
    args = StepArgs(np.array([0, 1, 0, 1, 2], np.int32), slots, sums=kept)
    for begin, end in ((0, 2), (2, 5)):
        call("pool", args, 0, ctypes.c_int32(mean), Rows(x), 6, result, begin, end)
    same(result.values(), wanted, "pool")
print("norms, rotations, pointwise ops: as numpy")
