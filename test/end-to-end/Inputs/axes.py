"""Compares what a library says of tokens with places on axes with transformers.

usage: axes.py LIBRARY FOLDER TOLERANCE

The logits of the folder's tokens at its places, in chunks of all, 7 and 1 and with
another sequence beside; the greedy text behind them, whose places follow, step by
step and generated; the same of a fork, and after going back into the middle; and
what is refused.
"""

import ctypes
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2] / "golden"))
import safetensors_file

library = ctypes.CDLL(sys.argv[1])
library.quipu_last_error.restype = ctypes.c_char_p
library.quipu_logits.restype = ctypes.POINTER(ctypes.c_float)
expected = safetensors_file.read(Path(sys.argv[2]) / "expected.safetensors")
tolerance = float(sys.argv[3])
tokens, places = expected["input_ids"], expected["places"]
wanted, greedy = expected["placed_logits"], expected["placed_greedy"]


class Batch(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t)] + [(name, ctypes.c_void_p) for name in ("tokens", "positions", "sequences")] + [
        ("count", ctypes.c_int32), ("selected_count", ctypes.c_int32)] + [
        (name, ctypes.c_void_p) for name in ("selected", "types", "places")]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t)] + [
        (name, ctypes.c_int32) for name in ("context", "threads", "sequences", "cache_type", "device")]


model = ctypes.c_void_p()
options = Options(ctypes.sizeof(Options), 0, 0, 3, 1, 0)  # with an f32 cache
if library.quipu_create(ctypes.byref(options), ctypes.byref(model)):
    sys.exit(library.quipu_last_error(None).decode())
width = library.quipu_vocabulary(model)


def numbers(values):
    return None if values is None else np.ascontiguousarray(values, np.int32).ctypes.data_as(ctypes.c_void_p)


def step(tokens, places=None, sequences=None, positions=None):
    count = len(tokens)
    given = [numbers(some) for some in (tokens, positions, sequences, places)]
    batch = Batch(ctypes.sizeof(Batch), *given[:3], count, count, None, None, given[3])
    if library.quipu_run_batch(model, None, ctypes.byref(batch)):
        return library.quipu_last_error(model).decode()
    return np.stack([np.ctypeslib.as_array(library.quipu_logits(model, i), (width,)).copy()
                     for i in range(count)])


def check(what, have, want):
    error = np.abs(have - want).max() / np.abs(wanted).max()
    print(f"{what}: {'close' if error <= tolerance else f'relative error {error:.2e}'}")


def follow(sequence, count):
    """The text behind what the sequence holds, its last token not yet read."""
    text, last = [], logits[-1].argmax()
    for _ in range(count):
        text.append(int(last))
        last = step([last], sequences=[sequence])[-1].argmax()
    return text


def generate(sequence, count):
    """The same, by what may run ahead of its reader."""
    text = [int(logits[-1].argmax())]

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32), ctypes.c_int32)
    def read(_, tokens, count):
        text.append(tokens[0])
        return 1

    if library.quipu_generate(model, numbers(text), numbers([sequence]), 1, None, count - 1, read, None):
        sys.exit(library.quipu_last_error(model).decode())
    return text


def same(what, have, want):
    print(f"{what}: {'the same' if list(have) == list(want) else list(have)}")


if isinstance(refused := step(tokens, places), str):
    sys.exit(refused)
for chunk in (len(tokens), 7, 1):
    library.quipu_reset(model, 0)
    logits = np.concatenate([step(tokens[i:i + chunk], places[:, i:i + chunk])
                             for i in range(0, len(tokens), chunk)])
    check(f"chunks of {chunk}", logits, wanted)
library.quipu_fork(model, 0, 1)
same("the text behind", follow(0, 24), greedy)
library.quipu_fork(model, 1, 2)
same("behind a fork", follow(1, 24), greedy)
same("generated", generate(2, 24), greedy)
library.quipu_reset(model, 2)
library.quipu_reset(model, 0)

middle = 15  # in the image
step(tokens, places)
part = step(tokens[middle:], places[:, middle:], positions=range(middle, len(tokens)))
check("from the middle again", part, wanted[middle:])
same("the text behind it", follow(0, 24), greedy)

text = np.tile(np.arange(len(tokens)), (3, 1))
both = step(np.concatenate([tokens, tokens]), np.concatenate([places, text], 1),
            [1] * len(tokens) + [2] * len(tokens), [*range(len(tokens))] * 2)
check("beside a text", both[:len(tokens)], wanted)
check("the text", both[len(tokens):], expected["logits"])

print(step([1], [[0], [-1], [0]]))
print(step([1], [[0], [0], [1 << 24]]))
