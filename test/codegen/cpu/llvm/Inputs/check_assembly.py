"""Checks the machine code of a program's kernels.

usage: check_assembly.py PROGRAM.s [SCHEDULED.mlir]

With the stage `scheduled` of a program for AVX512-VNNI: each linear layer of
quantised weights has its vpdpbusd, other kernels have none, and the loops around
them keep their sums in registers. Without: no vpdpbusd, and nothing wider than
256 bits. Kernels call nothing but memcpy, memset and the runtime.
"""

import re
import sys

RUNTIME = {"memcpy", "memset", "quipu_barrier", "quipu_trace",
           "quipu_rope_angles", "quipu_top_k", "quipu_sort_choices"}
STEP_CACHES = ("_f16", "_f32", "_q8_0")


def read_functions(path):
    """{name: lines} of what has code; labels of blocks are among the lines."""
    functions, lines = {}, []
    with open(path, errors="replace") as file:
        for line in file:
            if label := re.match(r'"?([A-Za-z][^\s"]*)"?:', line):
                lines = functions[label.group(1)] = []
            elif re.match(r"\.L\w+:|\s+[a-z]", line):
                lines.append(line.split("#")[0].strip())
    return {name: lines for name, lines in functions.items()
            if any(line.startswith("ret") for line in lines)}


def read_kernels(path):
    """{kernel: the vpdpbusd that it needs at least}: 8 for the 32 numbers of a
    block, times the tokens and tiles of 16 rows that are computed together."""
    needed, kernel = {}, None
    with open(path) as file:
        for line in file:
            if found := re.search(r"quipu\.kernel @([\w.]+)\(", line):
                kernel, needed[found.group(1)] = found.group(1), 0
                tile = re.search(r" tokens = (\d+), tiles = (\d+)", line)
                tokens, tiles = map(int, tile.groups()) if tile else (0, 0)
            if "quipu.linear" in line and "!quipu.i8x32" in line:
                last = int(re.search(r"-> \[(?:\d+, )?(\d+)\]", line).group(1))
                row_tiles = (last + 15) // 16
                together = max(n for n in range(1, tiles + 1) if row_tiles % n == 0)
                needed[kernel] += 8 * tokens * together
    return needed


def blocks(lines):
    """The basic blocks."""
    block = []
    for line in lines:
        if line.startswith(".L") or line.startswith("j"):
            yield block
            block = []
        else:
            block.append(line)
    yield block


def spills(lines):
    """Vector registers that are stored on the stack in blocks of dot products."""
    return sum(bool(re.match(r"vmov\w+\s+%[xyz]mm\d+, -?\d*\(%r[sb]p", line))
               for block in blocks(lines) if any("vpdpbusd" in line for line in block)
               for line in block)


def main():
    functions = read_functions(sys.argv[1])
    needed = read_kernels(sys.argv[2]) if len(sys.argv) > 2 else {}
    broken = []
    for name in needed:
        # Steps share what they have in common: @prefill16.x may be @prefill128.x.
        if not any(other.endswith(name[name.find("."):]) for other in functions):
            broken.append(f"{name}: no function")
    for name, lines in functions.items():
        kernel = name
        for suffix in STEP_CACHES:
            kernel = kernel if kernel in needed else name.removesuffix(suffix)
        least = needed.get(kernel, 0)
        count = sum("vpdpbusd" in line for line in lines)
        print(f"{name}: {count} dot products, {spills(lines)} spills")
        # Scores on an 8-bit cache are dot products too.
        if count < least or (least == 0 and count and not name.endswith("_q8_0")):
            broken.append(f"{name}: {count} dot products, {least} expected")
        if least and spills(lines) > 2:
            broken.append(f"{name}: {spills(lines)} spills beside dot products")
        if not needed and any("%zmm" in line for line in lines):
            broken.append(f"{name}: registers of 512 bits")
        for line in lines:
            call = re.match(r"(?:callq?|jmpq?)\s+([^.*]\S*?)(?:@PLT)?$", line)
            if call and call.group(1) not in RUNTIME | functions.keys():
                broken.append(f"{name}: calls {call.group(1)}")
    print("\n".join(f"broken: {line}" for line in broken) or "good")
    sys.exit(1 if broken else 0)


main()
