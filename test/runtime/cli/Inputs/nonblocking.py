"""Runs a program between pipes that do not block and are slow.

usage: nonblocking.py FAKE-PROGRAM
"""

import os
import subprocess
import sys
import time

COMMAND = [sys.argv[1], "tokenize"]
# A pipe holds all of it, but not its ids.
TEXT = b"some text\n" * 6000


def run():
    (take, give), (hear, say) = os.pipe(), os.pipe()
    for end in take, say:
        os.set_blocking(end, False)
    process = subprocess.Popen(COMMAND, stdin=take, stdout=say, stderr=subprocess.DEVNULL)
    os.close(take)
    os.close(say)
    time.sleep(0.2)
    for begin in range(0, len(TEXT), 20000):
        time.sleep(0.05)
        os.write(give, TEXT[begin : begin + 20000])
    os.close(give)
    time.sleep(0.5)
    output = b""
    while part := os.read(hear, 10000):
        output += part
    assert process.wait() == 0
    return output


expected = subprocess.run(COMMAND, input=TEXT, capture_output=True).stdout
assert expected.count(b"\n") == TEXT.count(b"\n"), expected[-50:]
assert run() == expected
print("the same ids")
