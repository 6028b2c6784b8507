"""Presses Ctrl-C, or closes the pipe, once a program has printed something.

usage: interrupt.py signal|close PROGRAM argument...
Prints the exit status, what came on standard error and whether the text ended
with a newline.
"""

import os
import signal
import subprocess
import sys

how, *command = sys.argv[1:]
process = subprocess.Popen(
    command,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    env={**os.environ, "FAKE_DELAY": "2000"},
)
text = os.read(process.stdout.fileno(), 1)
if how == "signal":
    process.send_signal(signal.SIGINT)
    text += process.stdout.read()
process.stdout.close()
errors = process.stderr.read().decode()
newline = text.endswith(b"\n")
print(f"status {process.wait(timeout=20)}, errors '{errors}', newline {newline}")
