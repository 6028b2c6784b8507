"""Prints what a command writes to a terminal.

usage: terminal.py COMMAND [ARGUMENT...]
"""

import os
import pty
import sys

sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
