"""Writes broken GGUF files and checks that gguf-dump refuses each with exactly
the sentence given here.

usage: check_broken.py GGUF-DUMP FOLDER
"""

import os
import struct
import subprocess
import sys

tool, folder = sys.argv[1:]

# GGUF's codes of value types.
U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
MAX64 = 2**64 - 1
FORMATS = (
    "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS,"
    " MXFP4 (re-quantise the file)"
)


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


def string(value):
    value = value.encode() if isinstance(value, str) else value
    return u64(len(value)) + value


def pair(key, type, value):
    return string(key) + u32(type) + value


def array(key, type, count, values):
    return pair(key, ARRAY, u32(type) + u64(count) + values)


def tensor(name="w", dims=(32, 2), type=0, offset=0, rank=None):
    rank = len(dims) if rank is None else rank
    sizes = b"".join(map(u64, dims))
    return string(name) + u32(rank) + sizes + u32(type) + u64(offset)


ARCHITECTURE = pair("general.architecture", STRING, string("test"))


def file(
    pairs=(),
    tensors=(tensor(),),
    magic=b"GGUF",
    version=u32(3),
    tensor_count=None,
    pair_count=None,
    architecture=ARCHITECTURE,
    data=256,
    alignment=32,
):
    """A file that is good but for what the arguments change."""
    pairs = [architecture, *pairs] if architecture else list(pairs)
    head = magic + version
    head += u64(len(tensors) if tensor_count is None else tensor_count)
    head += u64(len(pairs) if pair_count is None else pair_count)
    head += b"".join(pairs) + b"".join(tensors)
    return head + bytes(-len(head) % alignment) + bytes(data)


cases = []


def case(contents, sentence):
    cases.append((contents, sentence))


def truncated(size, field, count, place):
    case(
        file()[:size],
        f"{field}: the file ends after {size} bytes, expected {count} bytes"
        f" at byte {place}",
    )


# The header: magic, version, tensor count, metadata count.
case(b"", "magic: the file is empty, expected a GGUF file")
truncated(1, "magic", 4, 0)
truncated(3, "magic", 4, 0)
truncated(4, "version", 4, 4)
truncated(7, "version", 4, 4)
truncated(8, "tensor count", 8, 8)
truncated(15, "tensor count", 8, 8)
for magic in [b"not ", b"\0GUF", b"GGUf", b"GGML"]:
    case(
        file(magic=magic),
        f"magic: the bytes 0x{magic.hex().upper()}, expected 0x47475546 (GGUF)",
    )
for version in [0, 1, 4, 2**31 + 3, 2**32 - 1]:
    case(file(version=u32(version)), f"version: {version}, expected 2 or 3")
for version in [2, 3]:
    case(
        file(version=version.to_bytes(4, "big")),
        "version: a big-endian file, expected little-endian",
    )
left = len(file()) - 16
for count in [MAX64, 2**63, 2**32, left // 33 + 1]:
    case(
        file(tensor_count=count),
        f"tensor count: {count}, expected at most {left // 33} in the {left} bytes"
        " that are left",
    )
left -= 8
for count in [MAX64, 2**63, 2**32, left // 14 + 1]:
    case(
        file(pair_count=count),
        f"metadata count: {count}, expected at most {left // 14} in the {left} bytes"
        " that are left",
    )
case(
    file(tensors=[])[:16],
    "metadata count: the file ends after 16 bytes, expected 8 bytes at byte 16",
)

# Keys: length at byte 24, text at 32, type at 52, value at 56 (length, text).
first = "key 'general.architecture'"
truncated(54, f"{first} type", 4, 52)
truncated(60, f"{first} length", 8, 56)
case(
    file()[:66],
    f"{first} length: 4, expected at most 2 in the 2 bytes that are left",
)
case(
    file(tensors=[])[:40],
    "key 0 length: 20, expected at most 8 in the 8 bytes that are left",
)
left = len(file()) - 32
for length in [MAX64, 2**63, left + 1]:
    case(
        file()[:24] + u64(length) + file()[32:],
        f"key 0 length: {length}, expected at most {left} in the {left} bytes"
        " that are left",
    )
case(
    file(pairs=[pair("", U32, u32(1))]),
    "key 1: a name of 0 bytes, expected 1 to 65535",
)
case(
    file(pairs=[pair("k" * 65536, U32, u32(1))]),
    "key 1: a name of 65536 bytes, expected 1 to 65535",
)
case(
    file(pairs=[pair(b"ab\xff", U32, u32(1))]),
    "key 1: invalid UTF-8 at its byte 2, expected a name in UTF-8",
)
case(
    file(pairs=[pair(b"\xed\xa0\x80", U32, u32(1))]),
    "key 1: invalid UTF-8 at its byte 0, expected a name in UTF-8",
)
for character in [0, 10, 27, 127]:
    case(
        file(pairs=[pair(f"a{chr(character)}b", U32, u32(1))]),
        f"key 1: control character {character}, expected a printable name",
    )
case(
    file(pairs=[pair("k", U32, u32(1)), pair("k", STRING, string("x"))]),
    "key 'k': present twice, expected each key once",
)
case(
    file(pairs=[ARCHITECTURE]),
    "key 'general.architecture': present twice, expected each key once",
)

# Values.
for type in [13, 256, 2**32 - 1]:
    case(
        file(pairs=[pair("k", type, u32(1))]),
        f"key 'k' type: type code {type}, expected 0 to 12",
    )
    case(
        file(pairs=[array("k", type, 1, u32(1))]),
        f"key 'k' element type: type code {type}, expected 0 to 12",
    )
case(
    file(pairs=[pair("k", BOOL, b"\2")]),
    "key 'k': bool of value 2, expected 0 or 1",
)
case(
    file(pairs=[array("k", BOOL, 2, b"\1\xff")]),
    "key 'k': bool of value 255, expected 0 or 1",
)
case(
    file(pairs=[array("k", ARRAY, 1, (u32(ARRAY) + u64(1)) * 7 + u32(U8) + u64(1) + b"\1")]),
    "key 'k' element 0 element 0 element 0 element 0 element 0 element 0 element 0: arrays in arrays, more than 8 deep",
)
left = 96 + 256 - 89  # behind a length that ends at byte 89
for length in [MAX64, 2**63, 2**32, left + 1]:
    case(
        file(pairs=[pair("k", STRING, u64(length))], tensors=[]),
        f"key 'k' length: {length}, expected at most {left} in the {left} bytes"
        " that are left",
    )
left -= 4
for type, size in [(U8, 1), (BOOL, 1), (I16, 2), (F32, 4), (F64, 8), (STRING, 8)]:
    for count in [MAX64, 2**61, left // size + 1]:
        case(
            file(pairs=[array("k", type, count, b"")], tensors=[]),
            f"key 'k' length: {count}, expected at most {left // size} in the"
            f" {left} bytes that are left",
        )
case(
    file(pairs=[array("k", STRING, 2, string("a") + u64(2**40))], tensors=[]),
    f"key 'k' element 1 length: {2**40}, expected at most 274 in the 274 bytes that"
    " are left",
)
for bits, size in [(U8, 1), (I16, 2), (U32, 4), (F32, 4), (I64, 8), (F64, 8)]:
    # Cut one byte before the end of the value; the pairs end at byte 81 + size.
    long = file(pairs=[pair("k", bits, bytes(size))], tensors=[])
    case(
        long[: 80 + size],
        f"key 'k': the file ends after {80 + size} bytes, expected {size} bytes"
        " at byte 81",
    )

# The keys that the reader itself understands.
case(
    file(architecture=b""),
    "key 'general.architecture': missing, expected a string",
)
case(
    file(architecture=pair("general.architecture", U32, u32(1))),
    "key 'general.architecture': a value of another type, expected the model"
    " family's name",
)
case(
    file(architecture=pair("general.architecture", STRING, string(""))),
    "key 'general.architecture': an empty string, expected the model family's name",
)
for alignment in [0, 3, 33, 2**32 - 1]:
    case(
        file(pairs=[pair("general.alignment", U32, u32(alignment))]),
        f"key 'general.alignment': {alignment}, expected a power of two",
    )
for alignment in [-32, 2**32, 2**62]:
    case(
        file(pairs=[pair("general.alignment", I64, struct.pack("<q", alignment))]),
        f"key 'general.alignment': {alignment}, expected a power of two",
    )
case(
    file(pairs=[pair("general.alignment", STRING, string("32"))]),
    "key 'general.alignment': a value of another type, expected an integer",
)
case(
    file(pairs=[pair("general.alignment", U64, u64(2**63))]),
    "key 'general.alignment': a value of another type, expected an integer",
)

# Tensors: name at byte 68, rank at 77, dimensions at 81 and 89, type at 97,
# offset at 101, end at 109.
truncated(70, "tensor 0 name length", 8, 68)
truncated(80, "tensor 'w' rank", 4, 77)
truncated(88, "tensor 'w' dimension 0", 8, 81)
truncated(89, "tensor 'w' dimension 1", 8, 89)
truncated(100, "tensor 'w' type", 4, 97)
truncated(108, "tensor 'w' offset", 8, 101)
case(
    file(tensors=[tensor("")]),
    "tensor 0 name: a name of 0 bytes, expected 1 to 64",
)
case(
    file(tensors=[tensor("w" * 65)]),
    "tensor 0 name: a name of 65 bytes, expected 1 to 64",
)
case(
    file(tensors=[tensor(), tensor(b"\xc3(", offset=256)]),
    "tensor 1 name: invalid UTF-8 at its byte 0, expected a name in UTF-8",
)
case(
    file(tensors=[tensor("a\0")]),
    "tensor 0 name: control character 0, expected a printable name",
)
case(
    file(tensors=[tensor(), tensor(offset=256)], data=512),
    "tensor 'w': present twice, expected each tensor once",
)
for rank in [0, 5, 2**31, 2**32 - 1]:
    case(
        file(tensors=[tensor(rank=rank)]),
        f"tensor 'w': rank {rank}, expected 1 to 4",
    )
for place, size in [(0, 0), (1, 0), (0, 2**63), (1, MAX64)]:
    dims = [32, 2]
    dims[place] = size
    case(
        file(tensors=[tensor(dims=dims)]),
        f"tensor 'w': dimension {place} is {size}, expected 1 to {2**63 - 1}",
    )
for dims in [(2**32, 2**31), (2**62, 2), (2**20, 2**20, 2**20, 8), (32, 2**63 - 1)]:
    case(
        file(tensors=[tensor(dims=dims)]),
        f"tensor 'w': the product of dimensions 0 to {len(dims) - 1} overflows,"
        " expected a signed 64-bit integer",
    )
case(
    file(tensors=[tensor(dims=[2**62])]),
    f"tensor 'w': the size in bytes of {2**62} elements overflows, expected a 64-bit"
    " integer",
)
for type in [1, 30]:
    case(
        file(tensors=[tensor(dims=[2**63 - 1], type=type)]),
        f"tensor 'w': {2**64 - 2} bytes at offset 0, expected them in the 256 bytes"
        " of the file's data section",
    )
for type, name in [(9, "Q8_1"), (15, "Q8_K"), (16, "IQ2_XXS"), (24, "I8"), (28, "F64"), (34, "TQ1_0"), (40, "NVFP4")]:  # fmt: skip
    case(
        file(tensors=[tensor(type=type)]),
        f"tensor 'w': {name} is a format that this version cannot read, expected one"
        f" of {FORMATS}",
    )
for type in [4, 31, 36, 41, 2**32 - 1]:
    case(
        file(tensors=[tensor(type=type)]),
        f"tensor 'w': type code {type} is unknown, expected one of {FORMATS}",
    )
for type, name in [(2, "Q4_0"), (3, "Q4_1"), (8, "Q8_0")]:
    for row in [1, 31, 33, 2**62 + 1]:
        case(
            file(tensors=[tensor(dims=[row, 1], type=type)]),
            f"tensor 'w': rows of {row} elements in format {name}, expected a"
            " multiple of 32",
        )

# Where the data lies: 256 bytes behind the descriptions.
for offset in [1, 16, 33, MAX64]:
    case(
        file(tensors=[tensor(offset=offset)]),
        f"tensor 'w': offset {offset}, expected a multiple of the alignment 32",
    )
case(
    file(
        pairs=[pair("general.alignment", U32, u32(64))],
        tensors=[tensor(dims=[8]), tensor("v", dims=[8], offset=32)],
        alignment=64,
    ),
    "tensor 'v': offset 32, expected a multiple of the alignment 64",
)
for offset in [32, 256, 2**32, 2**63, MAX64 - 31]:
    case(
        file(tensors=[tensor(offset=offset)]),
        f"tensor 'w': 256 bytes at offset {offset}, expected them in the 256 bytes"
        " of the file's data section",
    )
for data in [0, 1, 255]:
    case(
        file(data=data),
        f"tensor 'w': 256 bytes at offset 0, expected them in the {data} bytes of the"
        " file's data section",
    )
case(
    file()[:109],  # not even the padding before the data
    "tensor 'w': 256 bytes at offset 0, expected them in the 0 bytes of the file's"
    " data section",
)
for a, b in [(0, 0), (0, 32), (0, 224), (32, 0)]:
    later, earlier = ("w", "v") if a > b else ("v", "w")
    case(
        file(tensors=[tensor(offset=a), tensor("v", offset=b)], data=512),
        f"tensor '{later}': offset {max(a, b)} lies in the data of tensor"
        f" '{earlier}', expected at least {min(a, b) + 256}",
    )
# A single byte: 17 blocks of MXFP4 have 17 bytes each.
case(
    file(tensors=[tensor(dims=(32, 17), type=39), tensor("v", offset=288)], data=1024),
    "tensor 'v': offset 288 lies in the data of tensor 'w', expected at least 289",
)


def run(path):
    result = subprocess.run([tool, path], capture_output=True)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


path = os.path.join(folder, "unbroken.gguf")
with open(path, "wb") as unbroken:
    unbroken.write(file(pairs=[pair("k", U32, u32(1))]))
status, output, error = run(path)
if status != 0 or "w: 2x32xF32, 256 bytes at 128" not in output:
    sys.exit(f"{path}: exit code {status}, {output}{error}")

failures = 0
for index, (contents, sentence) in enumerate(cases):
    path = os.path.join(folder, f"broken-{index:03}.gguf")
    with open(path, "wb") as broken:
        broken.write(contents)
    expected = (1, "", f"quipu: error: {path}: {sentence}\n")
    actual = run(path)
    if actual != expected:
        print(f"expected {expected}\n     got {actual}")
        failures += 1
if failures:
    sys.exit(f"{failures} of {len(cases)} broken files not refused as expected")
print(f"{len(cases)} broken files refused")
