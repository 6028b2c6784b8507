"""Checks a page: its block `mlir before`, through a command, has the lines of its
block `mlir after`. A line `...` there stands for any lines.

usage: check_page.py PAGE COMMAND [ARGUMENT...]
"""

import re
import subprocess
import sys

page, *command = sys.argv[1:]
with open(page) as file:
    blocks = dict(re.findall(r"^```mlir (before|after)\n(.*?)^```$", file.read(), re.M | re.S))
run = subprocess.run(command, input=blocks["before"], capture_output=True, text=True)
if run.returncode:
    sys.exit(f"{' '.join(command)} fails on the page's IR:\n{run.stderr}")
lines = [line.strip() for line in run.stdout.splitlines() if line.strip()]
at, gap = 0, True
for selected in filter(None, map(str.strip, blocks["after"].splitlines())):
    if selected == "...":
        gap = True
        continue
    found = next((i for i in range(at, len(lines)) if lines[i] == selected), None) if gap else at
    if found is None or lines[found : found + 1] != [selected]:
        place = f", expected next to {lines[at - 1]!r}" if at else ""
        sys.exit(f"the page has, the output has not{place}:\n  {selected}\noutput:\n{run.stdout}")
    at, gap = found + 1, False
