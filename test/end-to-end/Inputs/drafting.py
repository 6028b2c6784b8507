"""Checks that texts are the same with and without drafted tokens.

usage: drafting.py PROGRAM

The program drafts for itself, too: of the most probable text, all it drafts must be
accepted.
"""

import re
import subprocess
import sys

program = sys.argv[1]
prompts = [
    "Count in words: one, two, three, four, one, two, three, four, one, two,",
    "def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n",
    "The capital of France is",
]
samplers = [[], ["--temperature", "0.8", "--seed", "3"],
            ["--temperature", "1.5", "--top-p", "1", "--repeat-penalty", "1.2", "--seed", "4"]]


def run(*arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    counts = re.search(r"accepted (\d+) of (\d+)", result.stderr)
    return result.stdout, counts and [int(count) for count in counts.groups()]


found = 0
for prompt in prompts:
    for sampler in samplers:
        arguments = [prompt, "-n", "48", "--ignore-eos", "-v", *sampler]
        expected, _ = run(*arguments)
        for drafting in ["--lookup"], ["--draft", program]:
            text, (accepted, drafted) = run(*arguments, *drafting)
            if text != expected:
                sys.exit(f"{arguments} with {drafting}: another text:\n{text}\n{expected}")
            if drafting != ["--lookup"] and not sampler and accepted != drafted:
                sys.exit(f"{arguments}: {accepted} of {drafted} of its own tokens accepted")
            found += accepted if drafting == ["--lookup"] else 0
if not found:
    sys.exit("no token that was looked up was accepted")
