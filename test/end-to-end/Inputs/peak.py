"""Fails if a command, or a process that it starts, ever has more than so many MB
in memory, pages of mapped files included.

usage: peak.py MB COMMAND...
"""

import resource
import subprocess
import sys

result = subprocess.run(sys.argv[2:])
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
print(f"peak {peak:.0f} MB")
sys.exit(result.returncode or peak > int(sys.argv[1]))
