"""Compares what templates make of conversations with PyPI's jinja2.

usage: compare_templates.py TEMPLATE-TEST FILE.jinja|FOLDER...

llama.cpp's source package has 70 templates of models: pip download --no-deps
--no-binary :all: llama-cpp-python, and give it the unpacked folder
vendor/llama.cpp/models/templates.
"""

import sys
from pathlib import Path

from conversations import cases
from reference import differences, variables

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def compare(tool, path):
    """Whether all conversations are equal."""
    template = path.read_bytes().decode()
    given = [
        (template, variables(messages, tools, **TOKENS | others))
        for messages, tools, others in cases()
    ]
    equal, refused, others = differences(tool, given)
    print(f"{path.name}: {equal} equal, {refused} refused by both, {len(others)} differ")
    for _, _, expected, result in others[:2]:
        print("  expected", repr(expected)[:2000])
        print("  is      ", repr(result)[:2000])
    return not others and equal


tool, *paths = sys.argv[1:]
files = [
    file
    for path in map(Path, paths)
    for file in (sorted(path.glob("*.jinja")) if path.is_dir() else [path])
]
good = [compare(tool, file) for file in files]
print(f"{sum(map(bool, good))} of {len(good)} templates are equal")
sys.exit(not all(good))
