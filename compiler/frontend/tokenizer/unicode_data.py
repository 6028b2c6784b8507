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
    "Adlam", "Ahom", "Anatolian_Hieroglyphs", "Arabic", "Armenian", "Avestan", "Balinese", "Bamum",
    "Bassa_Vah", "Batak", "Bengali", "Bhaiksuki", "Bopomofo", "Brahmi", "Braille", "Buginese",
    "Buhid", "Canadian_Aboriginal", "Carian", "Caucasian_Albanian", "Chakma", "Cham", "Cherokee",
    "Common", "Coptic", "Cuneiform", "Cypriot", "Cyrillic", "Deseret", "Devanagari", "Duployan",
    "Egyptian_Hieroglyphs", "Elbasan", "Ethiopic", "Georgian", "Glagolitic", "Gothic", "Grantha",
    "Greek", "Gujarati", "Gurmukhi", "Han", "Hangul", "Hanunoo", "Hatran", "Hebrew", "Hiragana",
    "Imperial_Aramaic", "Inherited", "Inscriptional_Pahlavi", "Inscriptional_Parthian", "Javanese",
    "Kaithi", "Kannada", "Katakana", "Kayah_Li", "Kharoshthi", "Khmer", "Khojki", "Khudawadi",
    "Lao", "Latin", "Lepcha", "Limbu", "Linear_A", "Linear_B", "Lisu", "Lycian", "Lydian",
    "Mahajani", "Malayalam", "Mandaic", "Manichaean", "Marchen", "Meetei_Mayek", "Mende_Kikakui",
    "Meroitic_Cursive", "Meroitic_Hieroglyphs", "Miao", "Modi", "Mongolian", "Mro", "Multani",
    "Myanmar", "Nabataean", "New_Tai_Lue", "Newa", "Nko", "Ogham", "Ol_Chiki", "Old_Hungarian",
    "Old_Italic", "Old_North_Arabian", "Old_Permic", "Old_Persian", "Old_South_Arabian",
    "Old_Turkic", "Oriya", "Osage", "Osmanya", "Pahawh_Hmong", "Palmyrene", "Pau_Cin_Hau",
    "Phags_Pa", "Phoenician", "Psalter_Pahlavi", "Rejang", "Runic", "Samaritan", "Saurashtra",
    "Sharada", "Shavian", "Siddham", "SignWriting", "Sinhala", "Sora_Sompeng", "Sundanese",
    "Syloti_Nagri", "Syriac", "Tagalog", "Tagbanwa", "Tai_Le", "Tai_Tham", "Tai_Viet", "Takri",
    "Tamil", "Tangut", "Telugu", "Thaana", "Thai", "Tibetan", "Tifinagh", "Tirhuta", "Ugaritic",
    "Vai", "Warang_Citi", "Yi",
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
# Characters of scripts that the pre-tokenizer UnicodeScripts of PyPI's tokenizers does
# not know, which knows version 9.
NEWER_IN_SCRIPTS = [
    (0x558, 0x558), (0x560, 0x560), (0x588, 0x588), (0x58B, 0x58C), (0x5C8, 0x5C9), (0x5EF, 0x5EF),
    (0x61D, 0x61D), (0x7FD, 0x7FF), (0x860, 0x89F), (0x8B5, 0x8B5), (0x8BE, 0x8D3), (0x9FC, 0x9FE),
    (0xA76, 0xA76), (0xAFA, 0xAFF), (0xB53, 0xB55), (0xC04, 0xC04), (0xC3C, 0xC3C), (0xC5C, 0xC5D),
    (0xC77, 0xC77), (0xC84, 0xC84), (0xCDC, 0xCDD), (0xCF3, 0xD00), (0xD04, 0xD04), (0xD3B, 0xD3C),
    (0xD81, 0xD81), (0xE86, 0xE86), (0xE89, 0xE89), (0xE8C, 0xE8C), (0xE8E, 0xE93), (0xE98, 0xE98),
    (0xEA0, 0xEA0), (0xEA8, 0xEA9), (0xEAC, 0xEAC), (0xEBA, 0xEBA), (0xECE, 0xECE), (0x170D,
    0x170D), (0x1715, 0x171F), (0x180F, 0x180F), (0x1878, 0x1878), (0x1ABF, 0x1AF0), (0x1B4C,
    0x1B4F), (0x1B7D, 0x1B7F), (0x1C89, 0x1CBF), (0x1CF7, 0x1CF7), (0x1CFA, 0x1CFA), (0x1DF6,
    0x1DFA), (0x208F, 0x208F), (0x209D, 0x209F), (0x20BF, 0x20C4), (0x23FF, 0x23FF), (0x2427,
    0x2429), (0x2B96, 0x2B97), (0x2BBA, 0x2BBC), (0x2BC9, 0x2BC9), (0x2BD2, 0x2BEB), (0x2BF0,
    0x2BFF), (0x2C2F, 0x2C2F), (0x2C5F, 0x2C5F), (0x2E45, 0x2E63), (0x2FFC, 0x2FFF), (0x312E,
    0x312F), (0x31BB, 0x31BF), (0x31E4, 0x31EF), (0x32FF, 0x32FF), (0x4DB6, 0x4DBF), (0x9FD6,
    0x9FFF), (0xA7AF, 0xA7AF), (0xA7B8, 0xA7F6), (0xA82C, 0xA82C), (0xA8FE, 0xA8FF), (0xAB66,
    0xAB6D), (0xFBC2, 0xFBD2), (0xFD40, 0xFD4F), (0xFD90, 0xFD91), (0xFDC8, 0xFDCF), (0xFDFE,
    0xFDFF), (0x1019C, 0x1019C), (0x1032D, 0x1032F), (0x10570, 0x105F3), (0x10780, 0x107BF),
    (0x10940, 0x10959), (0x10A34, 0x10A35), (0x10A48, 0x10A48), (0x10D00, 0x10D8F), (0x10E80,
    0x10FF6), (0x11070, 0x11075), (0x110C2, 0x110CD), (0x11144, 0x11147), (0x111CE, 0x111CF),
    (0x1123F, 0x11241), (0x1133B, 0x1133B), (0x11380, 0x113E2), (0x1145A, 0x1145A), (0x1145E,
    0x11461), (0x116B8, 0x116B9), (0x116D0, 0x116E3), (0x1171A, 0x1171A), (0x11740, 0x1183B),
    (0x11900, 0x11ABF), (0x11B00, 0x11BF9), (0x11D00, 0x11FFF), (0x1246F, 0x1246F), (0x12475,
    0x1247F), (0x12550, 0x12FF2), (0x1342F, 0x143FA), (0x16100, 0x16139), (0x16A70, 0x16AC9),
    (0x16D40, 0x16ED3), (0x16F45, 0x16F4F), (0x16F7F, 0x16F87), (0x16FE1, 0x16FF6), (0x187ED,
    0x187FF), (0x18AF3, 0x1AFFE), (0x1B002, 0x1B2FB), (0x1CC00, 0x1CFC3), (0x1D127, 0x1D128),
    (0x1D1E9, 0x1D1FF), (0x1D250, 0x1D2F3), (0x1D372, 0x1D378), (0x1D6A6, 0x1D6A6), (0x1DB00,
    0x1DFFF), (0x1E030, 0x1E7FE), (0x1E94B, 0x1E94B), (0x1EC71, 0x1ED3D), (0x1F10D, 0x1F10F),
    (0x1F12F, 0x1F12F), (0x1F16C, 0x1F16F), (0x1F1AD, 0x1F1AE), (0x1F260, 0x1F265), (0x1F6D3,
    0x1F6DF), (0x1F6F7, 0x1F6FC), (0x1F774, 0x1F77F), (0x1F7D5, 0x1F7FF), (0x1F8B0, 0x1F90F),
    (0x1F91F, 0x1F91F), (0x1F928, 0x1F92F), (0x1F931, 0x1F932), (0x1F93F, 0x1F93F), (0x1F94C,
    0x1F94F), (0x1F95F, 0x1F97F), (0x1F992, 0x1F9BF), (0x1F9C1, 0x1FBFA), (0x2A6D7, 0x2A6DF),
    (0x2B735, 0x2B73F), (0x2B81E, 0x2B81E), (0x2CEA2, 0x2EE5D), (0x30000, 0x3FC3F),
]  # fmt: skip
ALL = [chr(c) for c in range(0x110000)]
TEXT = "".join(ALL)


def owners(names, prefix=""):
    """The number of the property in `names` that each code point has."""
    owner = [len(names)] * 0x110000
    for number, name in enumerate(names):
        for match in regex.finditer(rf"\p{{{prefix}{name}}}+", TEXT):
            owner[match.start() : match.end()] = [number] * (match.end() - match.start())
    return owner


def ranges(owner):
    starts = [0] + [c for c in range(1, 0x110000) if owner[c] != owner[c - 1]]
    return [(start, owner[start]) for start in starts]


def split_scripts():
    """The scripts that UnicodeScripts splits between: kana are Han, a space is of none."""
    owner, none = owners(SCRIPTS, "Script="), len(SCRIPTS)
    number = {name: i for i, name in enumerate(SCRIPTS)}
    kana = number["Hiragana"], number["Katakana"]
    owner = [number["Han"] if script in kana else script for script in owner]
    for first, last in NEWER_IN_SCRIPTS:
        owner[first : last + 1] = [none] * (last + 1 - first)
    for code_point, script in [(0x20, none), (0x589, number["Common"]), (0x61C, number["Common"]),
                               (0x953, number["Devanagari"]), (0x954, number["Devanagari"]), (0x30FC, number["Han"])]:
        owner[code_point] = script
    return owner


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
        write(out, "categories", "PropertyRange", ranges(owners(CATEGORIES)))
        write(out, "scriptNames", "const char *", [[f'"{name}"'] for name in SCRIPTS])
        write(out, "scripts", "PropertyRange", ranges(owners(SCRIPTS, "Script=")))
        write(out, "tokenizerScripts", "PropertyRange", ranges(split_scripts()))
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
