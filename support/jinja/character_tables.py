#!/usr/bin/env python3
"""Writes classes and cases of characters, as this Python has them, for C++.

usage: character_tables.py OUTPUT
"""

import sys
import unicodedata


def takes_no_column(character):
    # The vowels and final consonants of Hangul join the letter before them.
    return unicodedata.category(character) in ("Mn", "Me", "Cf") and character != "\xad" or (
        0x1160 <= ord(character) <= 0x11FF
    )


CLASSES = {
    "upper": str.isupper,
    "lower": str.islower,
    "alphabetic": str.isalpha,
    "decimal": str.isdecimal,
    "digit": str.isdigit,
    "numeric": str.isnumeric,
    "printable": str.isprintable,
    "wide": lambda character: unicodedata.east_asian_width(character) in "WF",
    "columnless": takes_no_column,
}


def quote(text):
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'


def main(output):
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    with open(output, "w", encoding="ascii") as out:
        out.write("// Written by character_tables.py. Where a class begins, ends, begins ...\n")
        for name, belongs in CLASSES.items():
            inside, bounds = False, []
            for character in characters:
                if belongs(character) != inside:
                    inside = not inside
                    bounds.append(f"0x{ord(character):x}")
            out.write(f"static constexpr uint32_t {name}[] = {{{', '.join(bounds)}}};\n")
        out.write("static constexpr Cases cases[] = {\n")
        for character in characters:
            forms = character.upper(), character.lower(), character.title()
            if any(form != character for form in forms):
                out.write(f"{{0x{ord(character):x}, {', '.join(map(quote, forms))}}},\n")
        out.write("};\n")


if __name__ == "__main__":
    main(sys.argv[1])
