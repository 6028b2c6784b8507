"""Makes the programs that tests share, unless another test has made them.

usage: programs.py QUIPU MODEL FOLDER NAME...

NAME is smol, smol-reference or libsmol.so (with all entries, and quipu.h beside it), or
minilm, of the folder beside MODEL.
Tests run side by side: a lock lets one of them do the work.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

quipu, model, folder, *names = sys.argv[1:]
folder = Path(folder)
folder.mkdir(parents=True, exist_ok=True)
options = {
    "smol": [],
    "smol-reference": ["--target", "reference"],
    "libsmol.so": ["--lib", "--head", "generate,embed,hidden"],
    "minilm": ["--head", "embed"],
}
models = {"minilm": Path(model).with_name("all-MiniLM-L6-v2")}
with open(folder / "lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    for name in names:
        if not (folder / name).exists():
            subprocess.run([quipu, "build", models.get(name, model), "-o", folder / name, *options[name]],
                           check=True)
