#!/usr/bin/env python3
"""Writes the Unicode classes that pre-tokenizers ask for as a C++ table.

usage: unicode_tables.py OUTPUT

A class is what \\p{L}, \\p{N} and \\s mean in llama.cpp, whose tables are those
of Unicode 15.1. Python 3.11 knows Unicode 14; what came later stands below, so
that the table does not depend on the Python that builds it (down to 14).
"""

import sys
import unicodedata

# Letters and numbers that Unicode 15.0 and 15.1 added: first, last, class.
ADDED_IN_15 = [
    (0x1123F, 0x11240, "L"), (0x11F02, 0x11F02, "L"), (0x11F04, 0x11F10, "L"),
    (0x11F12, 0x11F33, "L"), (0x11F50, 0x11F59, "N"), (0x1342F, 0x1342F, "L"),
    (0x13441, 0x13446, "L"), (0x1B132, 0x1B132, "L"), (0x1B155, 0x1B155, "L"),
    (0x1D2C0, 0x1D2D3, "N"), (0x1DF25, 0x1DF2A, "L"), (0x1E030, 0x1E06D, "L"),
    (0x1E4D0, 0x1E4EB, "L"), (0x1E4F0, 0x1E4F9, "N"), (0x2B739, 0x2B739, "L"),
    (0x2EBF0, 0x2EE5D, "L"), (0x31350, 0x323AF, "L"),
]

NAMES = {"L": "Letter", "N": "Number", "S": "Space", "": "Other"}


def classify(code_point):
    """The property White_Space, else the category's first letter."""
    character = chr(code_point)
    # str.isspace also counts the separators U+001C to U+001F.
    if character.isspace() and not 0x1C <= code_point <= 0x1F:
        return "S"
    major = unicodedata.category(character)[0]
    return major if major in "LN" else ""


def main(output):
    classes = [classify(c) for c in range(0x110000)]
    for first, last, name in ADDED_IN_15:
        classes[first : last + 1] = [name] * (last + 1 - first)

    starts = [0] + [c for c in range(1, 0x110000) if classes[c] != classes[c - 1]]
    with open(output, "w", encoding="ascii") as out:
        out.write("// Written by unicode_tables.py: each range ends before the next.\n")
        for start in starts:
            out.write(f"{{0x{start:06X}, CharacterClass::{NAMES[classes[start]]}}},\n")


if __name__ == "__main__":
    main(sys.argv[1])
