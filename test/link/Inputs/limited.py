"""Runs a command that may write files of a few bytes only.

usage: limited.py BYTES|FILE COMMAND...

Of a FILE, one byte less than it has.
"""

import os
import resource
import subprocess
import sys

limit = int(sys.argv[1]) if sys.argv[1].isdigit() else os.path.getsize(sys.argv[1]) - 1
result = subprocess.run(
    sys.argv[2:], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
)
sys.exit(result.returncode)
