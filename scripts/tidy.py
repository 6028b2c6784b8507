"""Runs clang-tidy over the files of a build folder that are new or have changed.

usage: tidy.py BUILD [FOLDER/]

A file counts as changed when its preprocessed text, its flags or a .clang-tidy
does; BUILD/tidy keeps a stamp for each file that was clean.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

build = os.path.abspath(sys.argv[1])
source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
folder = os.path.join(source, sys.argv[2] if len(sys.argv) > 2 else "")
stamps = os.path.join(build, "tidy")
os.makedirs(stamps, exist_ok=True)

with open(os.path.join(build, "compile_commands.json")) as file:
    commands = {
        entry["file"]: shlex.split(entry["command"])
        for entry in json.load(file)
        if entry["file"].startswith(folder) and not entry["file"].startswith(build)
    }


def compiler_arguments(command):
    """The command without launcher, output and dependency files."""
    start = next(i for i, word in enumerate(command) if "clang" in os.path.basename(word))
    words, result = iter(command[start + 1 :]), []
    for word in words:
        if word in ("-o", "-MF", "-MT", "-c"):
            next(words)
        elif word != "-MD":
            result.append(word)
    return result


def rules_of(file):
    """The texts of the .clang-tidy that apply: each adds to the one above it."""
    folders = [path for path in pathlib.Path(file).parents if path.is_relative_to(source)]
    paths = [path / ".clang-tidy" for path in folders]
    return b"".join(path.read_bytes() for path in paths if path.exists())


def check(file):
    """Returns what clang-tidy says, or nothing if the file is clean."""
    arguments = compiler_arguments(commands[file])
    preprocessed = subprocess.run(
        ["clang++-22", *arguments, "-E", "-P", file], cwd=build, capture_output=True
    )
    key = hashlib.sha256(rules_of(file) + repr(arguments).encode() + preprocessed.stdout).hexdigest()
    stamp = os.path.join(stamps, key)
    if os.path.exists(stamp) and preprocessed.returncode == 0:
        return ""
    tidy = subprocess.run(
        ["clang-tidy-22", "--quiet", file, "--", *arguments],
        cwd=build, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if tidy.returncode:
        return tidy.stdout
    open(stamp, "w").close()
    return ""


if not commands:
    sys.exit(f"tidy: error: {build}/compile_commands.json names no file in {folder}")
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    complaints = [text for text in pool.map(check, sorted(commands)) if text]
print("".join(complaints) + f"{len(commands)} files, {len(complaints)} with complaints")
sys.exit(1 if complaints else 0)
