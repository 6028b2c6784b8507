"""Calls the functions of reference/Reference.h with numpy's arrays."""

import ctypes
import sys

import numpy as np

library = ctypes.CDLL(sys.argv[1])
random = np.random.default_rng(20)


class Rows:
    """Rows of an activation with a gap of NaN behind each."""

    def __init__(self, values, gap=3):
        values = np.ascontiguousarray(values)
        flat = values.reshape(len(values), -1)
        self.shape, self.dtype = values.shape, values.dtype
        self.bytes = flat.shape[1] * values.itemsize
        self.buffer = np.full((len(values), self.bytes + 4 * gap), 0xFF, np.uint8)
        self.buffer[:, : self.bytes] = flat.view(np.uint8)

    def values(self):
        kept = np.ascontiguousarray(self.buffer[:, : self.bytes])
        assert (self.buffer[:, self.bytes :] == 0xFF).all(), "wrote behind a row"
        return kept.view(self.dtype).reshape(self.shape)


def convert(argument):
    if isinstance(argument, Rows):
        return [convert(argument.buffer)[0], ctypes.c_int64(argument.buffer.strides[0])]
    if isinstance(argument, np.ndarray):
        return [argument.ctypes.data_as(ctypes.c_void_p)]
    if isinstance(argument, ctypes.Structure):
        return [ctypes.byref(argument)]
    if isinstance(argument, (float, np.floating)):
        return [ctypes.c_float(argument)]
    if isinstance(argument, int):
        return [ctypes.c_int64(argument)]
    return [argument]  # None, or of ctypes


def call(name, *arguments):
    function = getattr(library, "quipu_reference_" + name)
    function.restype = None
    function(*[value for argument in arguments for value in convert(argument)])


def run(name, *arguments, shape, dtype=np.float32):
    """Computes all rows of `shape`; in two parts the bits must be the same."""
    empty = np.full(shape, np.nan) if dtype == np.float32 else np.zeros(shape)
    result, parts = (Rows(empty.astype(dtype)) for _ in range(2))
    call(name, *arguments, result, 0, shape[0])
    cut = shape[0] // 2
    call(name, *arguments, parts, cut, shape[0])
    if cut:
        assert (parts.values()[:cut].tobytes()) == empty.astype(dtype)[:cut].tobytes(), name
    call(name, *arguments, parts, 0, cut)
    assert result.buffer.tobytes() == parts.buffer.tobytes(), f"{name}: parts differ"
    return result.values()


def near(got, wanted, tolerance=2e-6, what=""):
    """Within `tolerance` of the largest number wanted."""
    error = np.abs(np.float64(got) - wanted).max() / np.abs(wanted).max()
    assert error <= tolerance, f"{what}: error {error}"


def same(got, wanted, what=""):
    assert got.dtype == wanted.dtype and got.tobytes() == wanted.tobytes(), what


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


class PagePool(ctypes.Structure):
    """abi::PagePool."""

    _fields_ = [(name, ctypes.c_void_p) for name in "pages table slot_mapping".split()] + [
        ("table_pages", ctypes.c_int32)
    ]


class StepArgs(ctypes.Structure):
    """abi::StepArgs, with one pool of pages whose table is [slot][page]."""

    _fields_ = [
        (name, ctypes.c_void_p)
        for name in "inputs outputs positions sequences ends selected pools sums arena weights "
        "barrier timer query_tiles partials".split()
    ] + [(name, ctypes.c_int32) for name in "count selected_count query_tile_count splits".split()] + [
        (name, ctypes.c_void_p) for name in ("device", "lengths")
    ]

    def __init__(self, positions, sequences=None, pages=None, table=None, ends=None, sums=None, lengths=None):
        arrays = {"positions": positions, "sequences": sequences, "ends": ends,
                  "lengths": lengths}
        pool = PagePool()
        if pages is not None:
            pool = PagePool(pages.ctypes.data, table.ctypes.data, None, table.shape[1])
        rows = (ctypes.c_void_p * 1)(None if sums is None else sums.ctypes.data)
        self.kept = arrays, pool, pages, table, sums, rows
        pointers = {
            name: array.ctypes.data for name, array in arrays.items() if array is not None
        }
        super().__init__(
            count=len(positions), pools=ctypes.addressof(pool), sums=ctypes.addressof(rows), **pointers
        )
