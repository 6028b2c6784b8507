"""Runs a command that may write files of a few bytes only.

usage: limited.py BYTES COMMAND...
"""

import resource
import subprocess
import sys

limit = int(sys.argv[1])
result = subprocess.run(
    sys.argv[2:], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
)
sys.exit(result.returncode)
