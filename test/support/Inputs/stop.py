"""Runs a command until it prints a line, sends it a signal and prints what became
of it.

usage: stop.py SIGNAL READY COMMAND...

The line comes from READY, a named pipe; from the command's standard output if it
is "-".
"""

import signal
import subprocess
import sys

number, ready = signal.Signals[sys.argv[1]], sys.argv[2]
# The caller may have started this with the signal ignored.
command = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                           preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
with command.stdout if ready == "-" else open(ready, "rb") as lines:
    lines.readline()
command.send_signal(number)
status = command.wait(timeout=60)
print("ended by", signal.Signals(-status).name if status < 0 else status)
