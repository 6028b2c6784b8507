"""Writes cases for grammar-test: what patterns match by Python's re, and integers in ranges.

usage: patterns.py CASES.json
"""

import itertools
import json
import random
import re
import sys

PATTERNS = [
    "^abc$", "b", "^a|b$", "^(a|bc)+$", "^[a-c]{2,3}$", "^[^a-c]*$", "c$", "^a.c", "^\\d{2}-\\w+$",
    "^\\W\\s?\\S$", "^a\\.b\\\\c\"$", "^(?:ab?)*c$", "^[\\d\\-x]+$", "^\\u0041\\x42$", "a+?b",
    "^[é-ü]+$", "^\\t\\n$", "^(|a)b{0,2}$", "^[\\]\\\\]$", "^$",
]
ALPHABET = "abcxAB12-. _\t\n\"\\é日]\r"
RANGES = [(0, 0), (-1, 1), (7, 1234), (95, 105), (-120, -8), (-30, 25), (1000, 1000), (999, 1001),
          (None, 55), (-33, None), (None, -77), (101, None)]


def as_json(text):
    return json.dumps(text, ensure_ascii=False)


def texts():
    draw = random.Random(1)
    short = ["".join(t) for n in range(3) for t in itertools.product(ALPHABET, repeat=n)]
    longer = ["".join(draw.choices(ALPHABET, k=draw.randint(3, 8))) for _ in range(2000)]
    words = ["abc", "aab", "abcb", "12-ab_1", "a.b\\c\"", "abac", "cc", "AB", "bbb", "accc", "12-x"]
    return short + longer + words


def pattern_case(pattern):
    accepts, refuses = [], []
    # '$' of JSON Schema does not match before a newline at the end.
    found = re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)
    for text in texts():
        (accepts if found.search(text) else refuses).append(as_json(text))
    return {"name": pattern, "schema": json.dumps({"type": "string", "pattern": pattern}),
            "accepts": accepts, "refuses": refuses}


def range_case(low, high):
    numbers = [*range(-1300, 1300), *(sign * 10**n for n in range(4, 16) for sign in (1, -1))]
    fits = lambda n: (low is None or n >= low) and (high is None or n <= high)
    schema = {"type": "integer"}
    if low is not None:
        schema["minimum"] = low
    if high is not None:
        schema["exclusiveMaximum"] = high + 1
    return {"name": f"{low} to {high}", "schema": json.dumps(schema),
            "accepts": [str(n) for n in numbers if fits(n)],
            "refuses": [str(n) for n in numbers if not fits(n)] + ["00", "01", "-01", "1.0", ""]}


cases = [pattern_case(p) for p in PATTERNS] + [range_case(*r) for r in RANGES]
for case in cases:
    assert case["accepts"] and case["refuses"], case["name"]
with open(sys.argv[1], "w") as file:
    json.dump(cases, file)
