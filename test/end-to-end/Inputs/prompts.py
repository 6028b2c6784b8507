"""Checks that texts and chats become the tokens that llama.cpp makes of them.

usage: prompts.py PROGRAM

The logits after a text must be those after its tokens, bit by bit.
"""

import json
import subprocess
import sys
from pathlib import Path

program = sys.argv[1]
data = json.loads(Path(__file__).with_name("llama-cpp.json").read_text())


def logits(*arguments):
    subprocess.run([program, *arguments, "--logits", "logits.npy"], check=True)
    return Path("logits.npy").read_bytes()


cases = [(text["prompt_ids"], [text["prompt"]]) for text in data["unrounded"]]
cases.append((data["chat"]["prompt_ids"], ["--chat", data["chat"]["messages"][0]["content"]]))
for tokens, arguments in cases:
    if logits("--tokens", " ".join(map(str, tokens))) != logits(*arguments):
        sys.exit(f"{arguments} became other tokens")
