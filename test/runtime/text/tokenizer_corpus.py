"""Texts that tokenizers are compared on: 40 languages, code, emoji, control
characters, long runs, every assigned character, random ones."""

import os
import random
import unicodedata

with open(os.path.join(os.path.dirname(__file__), "Inputs", "corpus.txt"), encoding="utf-8", newline="") as file:
    CORPUS = file.read()
CONTROL = "".join(map(chr, range(0x20))) + "\x7f\x80\x85\x9f\xad\u200b\u200d\u2028\u2029\ufeff\ufffd\ufffe"
MARKS = (
    "e\u0301 a\u0323\u0307 a\u0307\u0323 q\u0307\u0323 \u1100\u1161\u11a8 \uac01 \u0344 \u1e9b\u0323 "
    "\u0958 \u2126 \u212b \ufb01 \u0130 \u0301x"
)
NUMBERS = "1 12 123 1234 12345 1234567,1234567.1234567a a1234567 ١٢٣٤٥٦٧ 12345²67 ²12345 1234567\u0301 1234\u200d 12345_"
NAMES = ["▁", "▁▁ a▁b", " ▁ ", "Ġ", "Ċ<0x0A>", "<s> a</s>", "x <unk>x", "[CLS] a [SEP]b[MASK].", "<a><ab> <b> x<b>"]
COMMON = list("   \n\n\r\t''''sStTmMdDrRvVeElL1234567890aé你.!-_\u00a0\u2003\u3000\x1c\x85▁<>")
# Compatible forms that the libraries compared with have no mapping for.
NEWER = {0x32FF, 0xAB69, 0x11938, 0x1F16C, *range(0xA7F2, 0xA7F5), *range(0x10780, 0x107BB), *range(0x1FBF0, 0x1FBFA)}
ASSIGNED = [
    chr(c) for c in range(1, 0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co") and c not in NEWER
]
KNOWN = {*ASSIGNED, "\0"}


def make_texts(rng):
    lines = CORPUS.split("\n")
    texts = [*lines, CORPUS, CONTROL, MARKS, NUMBERS, "", *NAMES]
    texts += [c * n for c in "a 1.\n中é😀_▁=\u0301" for n in (1, 2, 3, 7, 50, 257)]
    texts += ["".join(ASSIGNED[i : i + 1000]) for i in range(0, len(ASSIGNED), 1000)]
    texts += [" ".join(ASSIGNED[i : i + 500]) for i in range(0, len(ASSIGNED), 2500)]
    for pool in [COMMON, ASSIGNED, list(CORPUS)] * 100:
        texts.append("".join(rng.choice(rng.choice([pool, COMMON])) for _ in range(rng.randint(0, 60))))
    for _ in range(100):
        begin = rng.randrange(len(CORPUS))
        texts.append(CORPUS[begin : begin + rng.randint(1, 300)])
    texts += [rng.randbytes(rng.randint(1, 60)).decode(errors="replace") for _ in range(100)]
    return ["".join(c for c in text if c in KNOWN) for text in texts]
