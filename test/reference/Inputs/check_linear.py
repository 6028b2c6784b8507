"""embed, gather, linear and quantize, over every format of weights."""

import ctypes

import numpy as np

from reference import Rows, call, near, normal, random, run, same
from weights import FORMATS, block_elements, format_number, is_quantized, make_weight


def quantize(x):
    """Values, scales, starts and sums, of halves too, of rows in !quipu.i8x32."""
    blocks = x.reshape(len(x), -1, 32)
    scale = np.abs(blocks).max(axis=2) / np.float32(127)
    safe = np.where(scale == 0, np.float32(1), scale)
    q = np.rint(blocks / safe[:, :, None]).astype(np.int32)
    halves = q.reshape(len(x), -1, 2, 16).sum(axis=3)
    parts = []
    for sums, factor in [(halves.sum(axis=2), scale), (halves, scale[:, :, None])]:
        parts += [-128 * sums, np.float32(16) * factor * sums.astype(np.float32)]
    return q, scale, *parts


def quantized_rows(x):
    q, scale, *sums = quantize(x)
    parts = [q.astype(np.int8), scale]
    parts += [part.astype(type) for part, type in zip(sums, 2 * [np.int32, np.float32])]
    row = np.concatenate([part.reshape(len(x), -1).view(np.uint8) for part in parts], axis=1)
    return np.pad(row, ((0, 0), (0, -row.shape[1] % 64)))


def bf16(x):
    """The nearest bf16 of finite numbers, of two the even one."""
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_bf16(x):
    return (x.astype(np.uint32) << 16).view(np.float32)


F32, I8X32, BF16 = map(ctypes.c_int32, range(3))

x = normal(5, 96)
x[1, 32:64] = 0
x[2, 7] = 1e9
x[3] *= 1e-30
x[4, :32] = np.arange(32) - 15.5  # halves, to the even neighbour
x[4, 0] = 127
wanted = quantized_rows(x)

def run_quantize(x, groups, size, kind, shape, dtype, each=0):
    """`run` puts the result's rows last but for what each group is apart."""
    result = Rows(np.zeros(shape, dtype))
    call("quantize", Rows(x), groups, size, kind, result, each, 0, len(x))
    return result.values()


got = run_quantize(x, 1, 96, I8X32, wanted.shape, np.uint8)
same(got, wanted, "quantize")
rounded = np.zeros(96, np.float32)
call("dequantize", got[0], 96, I8X32, rounded)
q, scale, *_ = quantize(x)
same(rounded, (q[0] * scale[0][:, None]).astype(np.float32).ravel(), "dequantize")

x[0, :4] = [1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8 - 2**-23, 3.4e38]  # two ties, an infinity
got = run_quantize(x, 1, 96, BF16, x.shape, np.uint16)
same(got, bf16(x), "quantize as bf16")
assert got[0, :4].tolist() == [0x3F80, 0x3F82, 0xBF81, 0x7F80]
call("dequantize", got[1], 96, BF16, rounded)
same(rounded, from_bf16(got[1]), "dequantize bf16")
nan = np.full((1, 2), 0x7FFFFFFF, np.uint32).view(np.float32)
got = run_quantize(nan, 1, 2, BF16, (1, 2), np.uint16)
assert np.isnan(from_bf16(got)).all()

# A token's rows, one for each of its choices.
each = normal(5, 2, 64)
wanted = quantized_rows(each.reshape(10, 64)).reshape(5, 2, -1)
got = run_quantize(each, 2, 64, I8X32, wanted.shape, np.uint8, wanted.shape[2])
same(got, wanted, "quantize each")

for name in FORMATS:
    sizes = [(1, 32), (16, 64), (35, 96), (20, 160), (3, 256), (17, 768)]
    sizes += [(17, 45)] * (not is_quantized(name))
    for n, k in sizes:
        if k % block_elements(name):
            continue
        packed, weight = make_weight(name, n, k)
        ids = random.integers(0, n, 6).astype(np.int32)
        got = run("embed", ids, packed, format_number(name), k, shape=(6, k))
        same(got, weight[ids], f"embed {name} {n} {k}")

        x, bias = normal(5, k), normal(n)
        shape = (5, n)
        arguments = (F32, packed, format_number(name), n, k)
        exact = x.astype(np.float64) @ weight.T.astype(np.float64)
        got = run("linear", Rows(x), *arguments, None, shape=shape)
        near(got, exact, what=f"linear {name} {n} {k}")
        got = run("linear", Rows(x), *arguments, bias, shape=shape)
        near(got, exact + bias, what=f"linear {name} with bias")
        if k % 32 == 0:
            q, scale, *_ = quantize(x)
            read = (q * np.float64(scale)[:, :, None]).reshape(5, k)
            got = run("linear", Rows(quantized_rows(x)), I8X32, *arguments[1:], bias, shape=shape)
            near(got, read @ weight.T + bias, what=f"linear {name} of i8x32")
        read = from_bf16(bf16(x)).astype(np.float64)
        got = run("linear", Rows(bf16(x)), BF16, *arguments[1:], bias, shape=shape)
        near(got, read @ weight.T + bias, what=f"linear {name} of bf16")

# Of three matrices each token is multiplied by two.
stack = [make_weight("Q8_0", 20, 64) for _ in range(3)]
packed = np.concatenate([matrix for matrix, _ in stack])
weight = np.stack([numbers for _, numbers in stack]).astype(np.float64)
ids = np.array([[0, 2], [2, 1], [1, 1]], np.int32)
x, bias = normal(3, 2, 64), normal(3, 20)
arguments = (F32, Rows(ids), 2, packed, format_number("Q8_0"), 20, 64)
got = run("linear_of", Rows(x), 256, *arguments, bias, shape=(3, 2, 20))
near(got, np.einsum("tsnk,tsk->tsn", weight[ids], x) + bias[ids], what="linear of")
got = run("linear_of", Rows(x[:, 0]), 0, *arguments, None, shape=(3, 2, 20))
near(got, np.einsum("tsnk,tk->tsn", weight[ids], x[:, 0]), what="linear of one row")

# Every half and every bfloat16, among them infinities, subnormals and zeros.
every = np.arange(65536, dtype=np.uint16).reshape(4096, 16)
every = every[(every & 0x7C00 != 0x7C00).all(axis=1) | (every & 0x3FF == 0).all(axis=1)]
for name, wanted, together in [
    ("F16", every.view(np.float16).astype(np.float32), 1),
    ("BF16", from_bf16(every), 2),
]:
    tiles = every.reshape(-1, 16, 16 // together, together)
    packed = np.ascontiguousarray(tiles.transpose(0, 2, 1, 3))
    ids = np.arange(len(every), dtype=np.int32)
    same(
        run("embed", ids, packed, format_number(name), 16, shape=every.shape), wanted, name
    )

x = normal(7, 3, 4)
rows = np.array([6, 0, 0, 3], np.int32)
same(run("gather", Rows(x), rows, 48, shape=(4, 3, 4)), x[rows], "gather")
print("embed, gather, linear, quantize: as numpy")
