"""Tokenizes a megabyte of one character, many characters, with tokenizers of every
kind; each must take less than a second.

usage: check_long.py QUIPU FOLDER [MODEL...]
"""

import os
import subprocess
import sys
from pathlib import Path

QUIPU, FOLDER, MODELS = sys.argv[1], sys.argv[2], sys.argv[3:]
CHARACTERS = "a1 .'\t\r_éſ\u0301\u200d中가กﬁ😀\U000e0041\x7f▁Ġ"


def user_seconds(model, text):
    before = os.times().children_user
    subprocess.run([QUIPU, "tokenize", model], input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    return os.times().children_user - before


subprocess.run([sys.executable, Path(__file__).with_name("make_tokenizer_seeds.py"), FOLDER], check=True)
for model in [*sorted(Path(FOLDER).glob("tokenizer-*.json")), *MODELS]:
    lines = [c * (1_000_000 // len(c.encode())) for c in CHARACTERS]
    # All at once, as reading the tokenizer takes time; one by one if that is slow.
    if user_seconds(model, "\n".join(lines)) > 1:
        reading = user_seconds(model, "a")
        for character, line in zip(CHARACTERS, lines):
            seconds = user_seconds(model, line) - reading
            if seconds > 1:
                sys.exit(f"{model}: {seconds:.2f} s for a megabyte of {character!r}")
    print(Path(model).name, len(CHARACTERS), "characters")
