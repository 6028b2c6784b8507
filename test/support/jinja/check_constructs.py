"""Checks each construct of templates against PyPI's jinja2.

usage: check_constructs.py TEMPLATE-TEST FILE...

A file has templates, with a line of dashes between; each is rendered with
VARIABLES.
"""

import sys
from pathlib import Path

from conversations import SYSTEM, USER
from reference import differences

VARIABLES = {
    "a": 7,
    "b": -3,
    "zero": 0,
    "half": 2.5,
    "big": 1e17,
    "small": 1e-7,
    "yes": True,
    "no": False,
    "nothing": None,
    "empty": "",
    "word": "straße",
    "greek": "ὈΔΥΣΣΕΎΣ ΣΑΣ",
    "text": "  Hello, World!\n\n\tAnd  'more' \"quotes\" \\ é 日本 🙂 \u200b\u00a0 ",
    "lines": "one\n\ntwo\r\nthree\x0bfour\u2028five\n",
    "html": "<b>'x' & \"y\"</b>",
    "list": [3, 1, 2],
    "words": ["pear", "Apple", "fig", "apple"],
    "mixed": [1, "1", 1.0, None, True, [1], {"k": "v"}, "it's", 'a "q"', "\n\x01\xad"],
    "people": [
        {"name": "Bo", "age": 5, "at": {"city": "Oslo"}},
        {"name": "al", "age": 3, "at": {"city": "Rom"}},
        {"name": "Cy", "age": 5, "at": {"city": "oslo"}},
    ],
    "map": {"b": 1, "a": {"x": [1, 2]}, "C": None, "items": "own", "1": 2.0},
    "messages": [SYSTEM, USER],
    "tools": None,
}

tool, *files = sys.argv[1:]
templates = [
    part
    for file in files
    for part in Path(file).read_text().removesuffix("\n").split("\n--------\n")
]
equal, refused, others = differences(tool, [(template, VARIABLES) for template in templates])
for template, _, expected, result in others:
    print("template", repr(template))
    print("  expected", repr(expected))
    print("  is      ", repr(result))
print(f"{equal} equal, {refused} refused by both")
sys.exit(bool(others))
