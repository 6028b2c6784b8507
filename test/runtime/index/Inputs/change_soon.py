"""Changes a file so soon after its index was made that its time says nothing.

usage: change_soon.py PROGRAM FOLDER

The index, made again, must have the new words.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

program, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir()
text, index = folder / "text", str(folder) + ".index"


def run(*arguments):
    return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE).stdout


for attempt in range(10):  # a busy machine may take too long
    text.write_text("first words\n")
    status = text.stat()
    Path(index).unlink(missing_ok=True)
    run("index", str(folder), "-o", index)
    # When the files were looked at, by the index's header.
    looked = int.from_bytes(Path(index).read_bytes()[56:64], "little")
    text.write_text("other words\n")
    os.utime(text, ns=(status.st_atime_ns, status.st_mtime_ns))
    run("index", str(folder), "-o", index)
    found = json.loads(run("search", "--index", index, "--json", "words"))["passages"][0]["text"]
    if looked - status.st_mtime_ns < 2e9:
        print(found)
        break
