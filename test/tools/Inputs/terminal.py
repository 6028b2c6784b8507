"""Prints what a command writes to a terminal.

usage: terminal.py COMMAND [ARGUMENT...]
"""

import pty
import sys

sys.exit(pty.spawn(sys.argv[1:]))
