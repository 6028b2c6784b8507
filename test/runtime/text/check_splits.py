"""Checks how texts are split into words, and the pairs merged, against the
regular expressions of the models' tokenizer.json and BPE's definition.

usage: check_splits.py TOKENIZER-TEST FOLDER
"""

import os
import random
import sys
import unicodedata

import regex

from tokenizer_files import bpe, encode, good, write

tool, folder = sys.argv[1:]

SPACE = r"\p{White_Space}"
# U+017F is a small s, too.
CONTRACTION = r"(?:'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
GPT2 = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+"
    rf"| ?[^{SPACE}\p{{L}}\p{{N}}]+|{SPACE}+(?!\P{{White_Space}})|{SPACE}+"
)


def llama3(digits):
    return (
        rf"{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}"
        rf"| ?[^{SPACE}\p{{L}}\p{{N}}]+[\r\n]*|{SPACE}*[\r\n]+"
        rf"|{SPACE}+(?!\P{{White_Space}})|{SPACE}+"
    )


def smollm(text):
    """Every number character by itself, GPT-2's words between them."""
    for piece in regex.split(r"(\p{N})", text):
        if regex.fullmatch(r"\p{N}", piece):
            yield piece
        else:
            yield from regex.findall(GPT2, piece)


def in_turn(*patterns):
    """Each pattern splits what those before it have left."""

    def split(text):
        pieces = [text]
        for pattern in patterns:
            pieces = [p for piece in pieces for p in regex.split(f"({pattern})", piece) if p]
        return pieces

    return split


def superbpe(text):
    for piece in regex.split(r"(\p{N}+)", text):
        cuts = [0, *(match.start() for match in regex.finditer(r"(?=(?:\d{3})+(?!\d))", piece)), len(piece)]
        yield from (piece[a:b] for a, b in zip(cuts, cuts[1:]) if a < b)


ASIAN = "[一-鿿㐀-䶿豈-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+"
DEEPSEEK3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    rf"| ?[\p{{P}}\p{{S}}]+[\r\n]*|{SPACE}*[\r\n]+|{SPACE}+(?!\P{{White_Space}})|{SPACE}+"
)
SPLITS = {
    "superbpe": superbpe,
    "afmoe": in_turn(r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", ASIAN, DEEPSEEK3),
    "gpt-2": lambda text: regex.findall(GPT2, text),
    "default": in_turn(r"[\p{P}$+<=>^~|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"),
    "smollm": smollm,
    "llama-bpe": lambda text: regex.findall(llama3(r"\p{N}{1,3}"), text),
    "qwen2": lambda text: regex.findall(llama3(r"\p{N}"), text),
}

ANY = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
CLASSES = [[c for c in ANY if unicodedata.category(c)[0] == major] for major in "LNZMPSC"]
COMMON = list("   \n\n\r\t''''sStTmMdDrRvVeElL1234567890aé你.!-_\u00a0\u2003\u3000\x1c\x85")


def make_text(rng):
    pools = rng.choices([COMMON, ANY, *CLASSES], k=rng.randint(1, 4)) + [COMMON]
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(0, 40)))


rng = random.Random(1)
texts = [make_text(rng) for _ in range(1500)]
# Every character but private ones; some letters, numbers and spaces by themselves.
texts += ["".join(ANY[i : i + 1000]) for i in range(0, len(ANY), 1000)]
texts += ["x" + character + "1" for pool in CLASSES[:3] for character in pool[::29]]

for pre, split in SPLITS.items():
    model = os.path.join(folder, pre + ".gguf")
    keys = good(pre)
    write(model, keys)
    ids = {token: i for i, token in enumerate(keys["ggml.tokens"])}
    ranks = {}
    for rank, pair in enumerate(keys["ggml.merges"]):
        ranks.setdefault(tuple(pair.split(" ")), rank)
    for text, result in zip(texts, encode(tool, model, [t.encode() for t in texts])):
        words = list(split(text))
        assert "".join(words) == text
        assert [word.decode() for word in result["words"]] == words, (pre, text, words, result)
        expected = [ids[symbol] for word in words for symbol in bpe(word.encode(), ranks)]
        if pre != "llama-bpe":
            assert result["ids"] == expected, (pre, text, expected, result)
    print(pre, len(texts), "texts")

# Words apart by white space, of characters instead of bytes.
model = os.path.join(folder, "whitespace.gguf")
write(model, good("whitespace"))
plain = ["".join(c for c in text if " " <= c <= "~") for text in texts]
for text, result in zip(plain, encode(tool, model, [text.encode() for text in plain])):
    expected = [ids[symbol] for word in text.split() for symbol in bpe(word.encode(), ranks)]
    assert result["ids"] == expected, (text, expected, result)
print("whitespace", len(plain), "texts")
