#!/usr/bin/env python3
"""Writes what tokenizers ask about characters as C++ tables.

usage: unicode_data.py OUTPUT

Categories and scripts are those of PyPI's regex, mappings those of Python's
unicodedata. Each list of ranges has the first code point of each, which ends
before the next one's.
"""

import sys
import unicodedata

import regex

CATEGORIES = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No",
    "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So",
    "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
]  # fmt: skip
SCRIPTS = [
    "Arabic", "Armenian", "Bengali", "Bopomofo", "Common", "Cyrillic", "Devanagari",
    "Ethiopic", "Georgian", "Greek", "Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew",
    "Hiragana", "Inherited", "Kannada", "Katakana", "Khmer", "Lao", "Latin", "Malayalam",
    "Mongolian", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan",
]  # fmt: skip
# Marks and punctuation that the Rust crate unicode_categories, by which
# PyPI's tokenizers strips accents and splits at punctuation, does not know: what
# Unicode has added since version 8. A range stands for those in it.
NEWER_MARKS = [
    (0x5C8, 0x5C9), (0x7FD, 0x7FD), (0x897, 0x8E1), (0x9FE, 0x9FE), (0xAFA, 0xAFF),
    (0xB53, 0xB55), (0xC04, 0xC3C), (0xD00, 0xD00), (0xD3B, 0xD3C), (0xD81, 0xD81),
    (0xEBA, 0xEBA), (0xECE, 0xECE), (0x180F, 0x1886), (0x1ABF, 0x1AF0), (0x1DF6, 0x1DFB),
    (0xA82C, 0xA82C), (0xA8C5, 0xA8C5), (0xA8FF, 0xA8FF), (0xA9BD, 0xA9BD), (0x10D24, 0x10F85),
    (0x11070, 0x11074), (0x110C2, 0x110C2), (0x111C9, 0x111C9), (0x111CF, 0x111CF),
    (0x1123E, 0x11241), (0x1133B, 0x1133B), (0x113BB, 0x1145E), (0x1182F, 0x1612F),
    (0x16F4F, 0x16F4F), (0x16FE4, 0x16FE4), (0x1CF00, 0x1D128), (0x1D25B, 0x1D25C),
    (0x1E000, 0x1E6F5), (0x1E944, 0x1E94A),
]  # fmt: skip
# The same of unicode_normalization_alignments, which knows version 9 and strips
# marks of all kinds.
NEWER_COMBINING = [
    (0x5C8, 0x5C9), (0x7FD, 0x7FD), (0x897, 0x8D3), (0x9FE, 0x9FE), (0xAFA, 0xAFF),
    (0xB53, 0xB55), (0xC04, 0xC3C), (0xCF3, 0xD00), (0xD3B, 0xD3C), (0xD81, 0xD81),
    (0xEBA, 0xEBA), (0xECE, 0xECE), (0x1715, 0x1715), (0x180F, 0x180F), (0x1ABF, 0x1AF0),
    (0x1CF7, 0x1CF7), (0x1DF6, 0x1DFA), (0xA82C, 0xA82C), (0xA8FF, 0xA8FF), (0x10D24, 0x10F85),
    (0x11070, 0x11074), (0x110C2, 0x110C2), (0x11145, 0x11146), (0x111C9, 0x111C9),
    (0x111CE, 0x111CF), (0x11241, 0x11241), (0x1133B, 0x1133B), (0x113B8, 0x113E2),
    (0x1145E, 0x1145E), (0x1182C, 0x11B67), (0x11D31, 0x1612F), (0x16F4F, 0x16F4F),
    (0x16F7F, 0x16F87), (0x16FE4, 0x16FF1), (0x1CF00, 0x1D128), (0x1D250, 0x1D281),
    (0x1E08F, 0x1E6F5),
]  # fmt: skip
NEWER_PUNCTUATION = [
    (0x61D, 0x61D), (0x9FD, 0xA76), (0xC77, 0xC84), (0x1B4E, 0x1B4F), (0x1B7D, 0x1B7F),
    (0x2E43, 0x2E63), (0x10D6E, 0x10F89), (0x113D4, 0x1145D), (0x11660, 0x116B9),
    (0x1183B, 0x11FFF), (0x12FF1, 0x12FF2), (0x16D6D, 0x16FE2), (0x1E5FF, 0x1E95F),
]  # fmt: skip
ALL = [chr(c) for c in range(0x110000)]
TEXT = "".join(ALL)


def ranges(names, prefix=""):
    """The number of the property in `names` that each code point has."""
    owner = [len(names)] * 0x110000
    for number, name in enumerate(names):
        for match in regex.finditer(rf"\p{{{prefix}{name}}}+", TEXT):
            owner[match.start() : match.end()] = [number] * (match.end() - match.start())
    starts = [0] + [c for c in range(1, 0x110000) if owner[c] != owner[c - 1]]
    return [(start, owner[start]) for start in starts]


def property_ranges(name):
    return [(m.start(), m.end() - 1) for m in regex.finditer(rf"\p{{{name}}}+", TEXT)]


def write(out, name, type, rows):
    out.write(f"constexpr {type} {name}[] = {{\n")
    for row in rows:
        out.write("{" + ", ".join(str(value) for value in row) + "},\n")
    out.write("};\n")


def mapping(function):
    """What each code point becomes that does not stay as it is; the Hangul
    syllables are computed."""
    for code_point in range(0x110000):
        if 0xD800 <= code_point < 0xE000 or 0xAC00 <= code_point < 0xD7A4:
            continue
        mapped = function(chr(code_point))
        if mapped != chr(code_point):
            yield code_point, '"' + "".join(f"\\{byte:03o}" for byte in mapped.encode()) + '"'


def compositions():
    for character in ALL:
        parts = unicodedata.decomposition(character).split()
        # Exclusions do not come back.
        if len(parts) == 2 and parts[0][0] != "<" and unicodedata.normalize("NFC", character) == character:
            yield int(parts[0], 16), int(parts[1], 16), ord(character)


def main(output):
    with open(output, "w", encoding="ascii") as out:
        out.write("// Written by unicode_data.py.\n")
        write(out, "categoryNames", "const char *", [[f'"{name}"'] for name in CATEGORIES])
        write(out, "categories", "PropertyRange", ranges(CATEGORIES))
        write(out, "scriptNames", "const char *", [[f'"{name}"'] for name in SCRIPTS])
        write(out, "scripts", "PropertyRange", ranges(SCRIPTS, "Script="))
        write(out, "whiteSpaces", "CodePoints::Range", property_ranges("White_Space"))
        write(out, "newerMarks", "CodePoints::Range", NEWER_MARKS)
        write(out, "newerCombining", "CodePoints::Range", NEWER_COMBINING)
        write(out, "newerPunctuation", "CodePoints::Range", NEWER_PUNCTUATION)
        write(out, "alphabetics", "CodePoints::Range", property_ranges("Alphabetic"))
        for form in "NFD", "NFKD":
            write(out, f"mapped{form}", "CharacterMapping",
                  mapping(lambda c: unicodedata.normalize(form, c)))
        write(out, "lowerCase", "CharacterMapping", mapping(str.lower))
        write(out, "combiningClasses", "CombiningClass",
              ((c, unicodedata.combining(chr(c))) for c in range(0x110000)
               if unicodedata.combining(chr(c))))
        write(out, "compositions", "Composition", sorted(compositions()))


if __name__ == "__main__":
    main(sys.argv[1])
