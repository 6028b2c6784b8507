"""Runs a command until it prints a line, sends it a signal and prints what became
of it.

usage: stop.py SIGNAL COMMAND...
"""

import signal
import subprocess
import sys

number = signal.Signals[sys.argv[1]]
# The caller may have started this with the signal ignored.
command = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                           preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
command.stdout.readline()
command.send_signal(number)
status = command.wait(timeout=60)
print("ended by", signal.Signals(-status).name if status < 0 else status)
