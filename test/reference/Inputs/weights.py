"""Random weights in every format, packed, and the numbers that gguf reads from them."""

import ctypes
import os
import sys

import gguf
import numpy as np

from reference import library, random

sys.path.append(os.path.join(os.path.dirname(__file__), *2 * [os.pardir], "Inputs"))
from weight_rows import FORMATS, block_elements, is_quantized, make_rows


def format_number(name):
    number = library.test_format_type(name.encode())
    assert number == gguf.GGMLQuantizationType[name]
    return ctypes.c_int32(number)


def make_weight(name, n, k):
    """The packed bytes and the numbers [n][k] of a random weight."""
    rows = np.ascontiguousarray(make_rows(name, n, k, random))
    if name == "MXFP4":
        rows[0, [0, 17][: rows.shape[1] // 17]] = [0, 1][: rows.shape[1] // 17]
    library.test_packed_bytes.restype = ctypes.c_int64
    sizes = (ctypes.c_int64(n), ctypes.c_int64(k))
    packed = np.zeros(library.test_packed_bytes(name.encode(), *sizes) + 64, np.uint8)
    packed = packed[-packed.ctypes.data % 64 :][: len(packed) - 64]
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (rows, packed)]
    library.test_pack(name.encode(), *sizes, *pointers)
    values = gguf.dequantize(rows, gguf.GGMLQuantizationType[name])
    return packed, values.reshape(n, k).astype(np.float32)
