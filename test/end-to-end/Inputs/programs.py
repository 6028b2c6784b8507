"""Makes the programs that tests share, unless they are newer than the compiler.

usage: programs.py BUILD MODEL FOLDER NAME...

NAME.. are smol, smol-reference, libsmol.so. Tests run side by side: a lock lets
one of them do the work.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

OPTIONS = {"smol": [], "smol-reference": ["--target=reference"], "libsmol.so": ["--lib"]}

build, model, folder, *names = sys.argv[1:]
folder = Path(folder)
folder.mkdir(parents=True, exist_ok=True)
quipu = Path(build, "bin", "quipu")
parts = [Path(model), quipu, *Path(build, "lib").glob("*.a")]
newest = max(part.stat().st_mtime_ns for part in parts)
with open(folder / "lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != str(newest):
        for name in OPTIONS:
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(folder / "kernels", ignore_errors=True)
        stamp.write_text(str(newest))
    for name in names:
        if not (folder / name).exists():
            subprocess.run([quipu, "build", model, "-o", folder / name, *OPTIONS[name]],
                           check=True)
