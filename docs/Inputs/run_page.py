"""Runs a page: writes its blocks `mlir FILE` into a folder, those of one file one
after another, and runs the commands of its blocks `console` there, in order.

usage: run_page.py PAGE FOLDER SOURCE PYTHON [BUILD]

A command is a line that begins with `$ `; the lines below are what it prints, where
`...` stands for any text, or for any lines. In commands, `build/venv/bin/python` is
PYTHON, `build/test/` is in BUILD, and another `test/` in SOURCE.
"""

import os
import re
import subprocess
import sys

page, folder, source, python, *build = sys.argv[1:]


def matches(expected, printed):
    pattern = re.escape(expected).replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, printed.rstrip(), re.S)


with open(page) as file:
    blocks = re.findall(r"^```(mlir (\S+)|console)\n(.*?)^```$", file.read(), re.M | re.S)
os.makedirs(folder)
for kind, name, text in blocks:
    if name:
        with open(os.path.join(folder, name), "a") as file:
            file.write(text)
for kind, name, text in blocks:
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M) if not name else []:
        words = command.replace("build/venv/bin/python", python)
        words = re.sub(r"(?<!build/)test/", f"{source}/test/", words)
        words = words.replace("build/test/", f"{build[0] if build else ''}/test/")
        done = subprocess.run(words, shell=True, cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if not matches(expected.rstrip(), done.stdout):
            sys.exit(f"$ {command}\nprints\n{done.stdout}\nand not\n{expected}")
