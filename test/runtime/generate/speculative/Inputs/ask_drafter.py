"""Asks a program that is started with --drafter, by hand.

usage: ask_drafter.py PROGRAM
Prints the ids that it drafts for each request.
"""

import struct
import subprocess
import sys

drafter = subprocess.Popen(
    [sys.argv[1], "--drafter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
magic, _, tokens, logits = struct.unpack("8sQII", drafter.stdout.read(24))
print(magic.decode(), tokens, logits)


def ask(name, kept, added, most):
    request = struct.pack(f"{3 + len(added)}i", kept, len(added), most, *added)
    drafter.stdin.write(request)
    drafter.stdin.flush()
    answer = drafter.stdout.read(4)
    if not answer:
        print(f"{name}: no answer")
        return []
    (count,) = struct.unpack("i", answer)
    drafted = list(struct.unpack(f"{count}i", drafter.stdout.read(4 * count)))
    print(f"{name}:", *drafted)
    return drafted


text = list(b"some text")
ask("only read", 0, text, 0)
three = ask("nothing new", len(text), [], 3)
ask("nothing new but the drafts", len(text) + 3, [], 1)
ask("back to the text", len(text), [], 4)
ask("one draft was good", len(text) + 1, [], 2)
ask("another token instead", len(text), [three[0] ^ 1], 2)
ask("more than there is", 100, [], 1)
