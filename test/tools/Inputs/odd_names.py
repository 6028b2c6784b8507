"""Builds and runs programs in folders and under names that mean something to
shells, linkers and parsers of options.

usage: odd_names.py QUIPU LINK_TEST LIBRARIES TOY MODEL SPEC

TOY is the folder of link-test's inputs. Works in the current folder and prints
the first command that fails, or "ok".
"""

import ctypes
import os
import shutil
import subprocess
import sys

quipu, link_test, libraries, toy, model, spec = map(os.path.abspath, sys.argv[1:])
NAMES = ["-x", "--help", "-", "a,b", "*", "?[a]", "@f", "a b", "ü", "it's \"q\"", "a\nb",
         "$(exit 1)", "a;b", "a:b", "a=b", "%s", "\\", "#", "{x}"]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, timeout=120, **more)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{command}: {done.returncode} {done.stderr}")
    return done.stdout


def check(program, *options, **more):
    if run(os.path.abspath(program), *tokens, *options, **more) != expected:
        sys.exit(f"{program!r} prints something else")


tokens = ["--tokens", "1 2 3", "-n", "3"]
plain = ["--target", "reference", "--context", "64"]
run(quipu, "build", model, "-o", "program", *plain)
expected = run("./program", *tokens)
for name in NAMES:
    os.mkdir(name)
    inside = os.path.join(name, name)
    shutil.copy(model, inside + ".gguf")
    shutil.copy(spec, inside + ".mlir")
    environment = {**os.environ, "QUIPU_CACHE_DIR": inside + ".cache", "TMPDIR": name}
    # From outside, and with the names alone.
    run(quipu, "build", "-o", inside, "--spec", inside + ".mlir", "--dump-stages",
        inside + ".stages", *plain, "--", inside + ".gguf", env=environment)
    check(inside)
    run(quipu, "build", f"--output={name}2", f"--spec={name}.mlir", *plain, "--", name + ".gguf",
        cwd=name)
    check(inside + "2")
    run(quipu, "build", "-o", inside + ".txt", "--emit", "graph", *plain, "--", inside + ".gguf")
    run(quipu, "build", "-o", inside + "3", "--from", f"graph:{inside}.txt", *plain, "--",
        inside + ".gguf")
    check(inside + "3")
    run(quipu, "build", "-o", inside + ".so", "--lib", *plain, "--", inside + ".gguf")
    ctypes.CDLL(os.path.abspath(inside + ".so")).quipu_vocabulary(None)
    # What programs write and start.
    check(inside, "--draft", os.path.abspath(inside), "--logits", name + ".npy", cwd=name)
    # A compiler that is installed there.
    os.symlink(libraries, inside + ".lib")
    run(link_test, "library", "reference", "0", toy + "/toy.mlir", toy + "/toy.gguf",
        inside + ".lib", inside + ".so")
    if found := [file for file in os.listdir(name) if file.startswith(".quipu")]:
        sys.exit(f"{found} is left in {name!r}")
print("ok")
