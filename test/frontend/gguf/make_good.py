"""Writes good GGUF files with the `gguf` package, and beside each the dump that
gguf-dump must print for it.

usage: make_good.py FOLDER
"""

import os
import sys
import zlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Format

folder = sys.argv[1]


def text(value):
    """A metadata value as gguf-dump prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return "%.9g" % value
    if isinstance(value, str):
        escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
        characters = (
            escapes.get(chr(byte))
            or (chr(byte) if 0x20 <= byte < 0x7F else "\\%03o" % byte)
            for byte in value.encode()
        )
        return '"' + "".join(characters) + '"'
    shown = "".join(" " + text(element) for element in value[:4])
    return f"[{len(value)}:{shown}{' ...' if len(value) > 4 else ''}]"


def write(name, alignment, version, formats):
    path = os.path.join(folder, name + ".gguf")
    writer = gguf.GGUFWriter(path, "test")
    lines = [f"version {version}", 'general.architecture = "test"']

    def add(key, method, value, shown=None):
        getattr(writer, method)(key, value)
        lines.append(f"{key} = {text(value if shown is None else shown)}")

    if alignment != 32:
        writer.add_custom_alignment(alignment)
        lines.append(f"general.alignment = {alignment}")
    add("a.uint8", "add_uint8", 255)
    add("a.int8", "add_int8", -128)
    add("a.uint16", "add_uint16", 65535)
    add("a.int16", "add_int16", -32768)
    add("a.uint32", "add_uint32", 2**32 - 1)
    add("a.int32", "add_int32", -(2**31))
    add("a.uint64", "add_uint64", 2**64 - 1)
    add("a.small.uint64", "add_uint64", 7)
    add("a.int64", "add_int64", -(2**63))
    add("a.float32", "add_float32", 1e-5, float(np.float32(1e-5)))
    add("a.float64", "add_float64", 1e300)
    add("a.true", "add_bool", True)
    add("a.false", "add_bool", False)
    add("a.string", "add_string", 'tab\t "quoted" back\\slash \u00e9 \u4e16')
    add("some.integers", "add_array", [-1, 2, -3])
    add("some.reals", "add_array", [0.5, -0.25, 4.0])
    writer.add_key_value("some.large", [1, 2**64 - 1], gguf.GGUFValueType.ARRAY, gguf.GGUFValueType.UINT64)
    lines.append("some.large = [2: 1 1.84467441e+19]")
    add("some.bools", "add_array", [True, False, True, True, False])
    add("some.strings", "add_array", ["a", "", "\u0120t", "d", "e", "f"])

    writer.add_array("some.arrays", [[1, 2], [3], [4]])
    lines.append("some.arrays = [[...]]")

    random = np.random.default_rng(1)
    tensors = []
    for kind in formats:
        for shape in [(96,), (3, 64), (2, 3, 32), (2, 1, 3, 32), (1, 1, 32), (1, 1, 2, 32)]:
            values = random.standard_normal(shape, dtype=np.float32)
            stored = gguf.quants.quantize(values, kind)
            # Outer dimensions of 1 only fill up.
            meant = shape
            while len(shape) > 2 and meant[0] == 1:
                meant = meant[1:]
            tensor = f"{kind.name.lower()}.{'of' if meant != shape else 'rank'}{len(shape)}"
            writer.add_tensor(tensor, stored, raw_dtype=kind)
            tensors.append((tensor, meant, kind, stored.tobytes()))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open(path, "r+b") as file:
        file.seek(4)
        file.write(version.to_bytes(4, "little"))

    places = {t.name: t.data_offset for t in gguf.GGUFReader(path).tensors}
    for tensor, shape, kind, data in tensors:
        sizes = "".join(f"{size}x" for size in shape)
        lines.append(
            f"tensor {tensor}: {sizes}{kind.name}, {len(data)} bytes"
            f" at {places[tensor]}, crc32 0x{zlib.crc32(data):08x}"
        )
    with open(os.path.join(folder, name + ".expected"), "w") as file:
        file.write("".join(line + "\n" for line in lines))


every = [Format.F32, Format.F16, Format.BF16, Format.Q8_0, Format.Q5_1, Format.Q4_0, Format.Q4_1]
write("v3", 32, 3, every)
write("v2", 32, 2, every)
write("aligned-8", 8, 3, every)
write("aligned-4096", 4096, 3, every)
write("seed", 32, 3, [Format.F32, Format.Q4_1])
