"""Runs a product's PTX on a GPU that is a fake, and compares with sums of the same order.

usage: gemm-code sm_90a BF16 N K TOKENS STAGES [residual] |
       run_gemm.py DRIVER N K TOKENS COUNT [residual]

Rows of COUNT tokens lie in panels of 2048; what is behind
the last token and the last column is no number. Each segment of 256 columns is a chain
of steps of 16 in f32, and segments are added in order: the bits must be the same.
"""

import ctypes
import os
import sys

import numpy as np

PANEL_ROWS = 2048  # as gemm-code's
driver, n, k, tile, count = sys.argv[1], *map(int, sys.argv[2:6])
os.environ["FAKE_CUDA_RUN"] = "1"
cuda = ctypes.CDLL(os.path.join(driver, "libcuda.so.1"))
ptx = sys.stdin.read()
is_residual = "residual" in sys.argv[6:]


class Config(ctypes.Structure):
    _fields_ = [("grid", ctypes.c_uint * 3), ("block", ctypes.c_uint * 3), ("shared", ctypes.c_uint),
                ("stream", ctypes.c_void_p), ("attributes", ctypes.c_void_p), ("count", ctypes.c_uint)]


def call(name, *arguments):
    result = getattr(cuda, name)(*arguments)
    if result:
        sys.exit(f"{name} failed: {result}")


def panels(rows, multiple):
    """[panel][row][8 chunks of 8 numbers], chunk c of row r at c ^ r % 8."""
    padded = np.full((multiple, -(-rows.shape[1] // 64) * 64), np.nan, np.float16)
    padded[:len(rows), :rows.shape[1]] = rows
    chunks = padded.reshape(multiple, -1, 8, 8).transpose(1, 0, 2, 3)
    order = np.arange(8)[None, :] ^ (np.arange(multiple) % 8)[:, None]
    return np.take_along_axis(chunks, order[None, :, :, None], 2)


def allocate(array):
    address, array = ctypes.c_uint64(), np.ascontiguousarray(array)
    call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(array.nbytes))
    call("cuMemcpyHtoDAsync_v2", address, array.ctypes.data_as(ctypes.c_void_p),
         ctypes.c_size_t(array.nbytes), stream)
    call("cuStreamSynchronize", stream)
    return address


random = np.random.default_rng(1)
weights = np.zeros((-(-n // 128) * 128, -(-k // 64) * 64), np.float16)
weights[:n, :k] = random.normal(size=(n, k)) / 16
tokens = random.normal(size=(count, k)).astype(np.float16)
residual = random.normal(size=(count, n)).astype(np.float32)

context, stream, module, kernel = (ctypes.c_void_p() for _ in range(4))
call("cuInit", 0)
call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
call("cuCtxPushCurrent_v2", context)
call("cuStreamCreate", ctypes.byref(stream), 0)
log = ctypes.create_string_buffer(4096)
values = (ctypes.c_void_p * 2)(ctypes.addressof(log), 4096)
call("cuModuleLoadDataEx", ctypes.byref(module), ctypes.c_char_p(ptx.encode()), 0, None, values)
call("cuModuleGetFunction", ctypes.byref(kernel), module, b"gemm")

packed = np.concatenate([panels(rows, 8)[None] for rows in weights.reshape(-1, 8, weights.shape[1])])
result = np.full((count, n), np.nan, np.float32)
arrays = [panels(tokens, PANEL_ROWS), packed, packed, residual, result, np.array([count], np.int32)]
addresses = [allocate(array) for array in arrays]
params = (ctypes.c_void_p * 6)(*[ctypes.addressof(address) for address in addresses])
shared = int(ptx.split("// shared ")[1].split()[0])
threads = int(ptx.split(".maxntid ")[1].split(",")[0])
blocks = len(weights) // 128 * -(-count // tile)
config = Config((min(blocks, 3), 1, 1), (threads, 1, 1), shared, stream, None, 0)
call("cuLaunchKernelEx", ctypes.byref(config), kernel, params, None)
call("cuMemcpyDtoHAsync_v2", result.ctypes.data_as(ctypes.c_void_p), addresses[4],
     ctypes.c_size_t(result.nbytes), stream)
call("cuStreamSynchronize", stream)

expected = np.zeros((count, n), np.float32)
for segment in range(0, k, 256):
    chain = np.zeros((count, n), np.float32)
    for step in range(segment, min(segment + 256, k), 16):
        columns = slice(step, min(step + 16, k))
        chain = (chain + tokens[:, columns].astype(np.float64)
                 @ weights[:n, columns].astype(np.float64).T).astype(np.float32)
    expected += chain
if is_residual:
    expected += residual
wrong = np.argwhere(result != expected)
if len(wrong):
    token, row = wrong[0]
    sys.exit(f"{len(wrong)} of {result.size} numbers differ, the first of token {token}, row {row}: "
             f"{result[token, row]}, not {expected[token, row]}")
print("the same bits")
