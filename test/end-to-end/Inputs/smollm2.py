"""Compares programs of SmolLM2 with llama.cpp's output, position by position.

usage: smollm2.py PROGRAM REFERENCE

llama-cpp.json holds, for four prompts, the greedy text of llama.cpp with all
weights dequantised to f32 and nothing else rounded ("unrounded"), and how far
ahead of the second logit the first one was. Each text is fed to both programs.
The reference must prefer the same token wherever the first is ahead by more than
0.05, and be ahead by as much; the program where it is by more than 0.7, and its
distribution must be close to the reference's. It must also write the text itself,
up to the first place that is undecided.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

program, reference = sys.argv[1:]


def run(path, tokens, *options):
    command = [path, "--tokens", " ".join(map(str, tokens)), *options]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def log_probabilities(path, tokens, cache):
    run(path, tokens, "--logits", "logits.npy", "--cache-type", cache)
    logits = np.load("logits.npy").astype(np.float64)
    logits -= logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


texts = json.loads(Path(__file__).with_name("llama-cpp.json").read_text())["unrounded"]
failed = False
for text in texts:
    prompt, expected = text["prompt_ids"], np.array(text["gen_ids"])
    margins = np.array(text["top1_minus_top2"])
    p = log_probabilities(reference, prompt + text["gen_ids"][:-1], "f32")[len(prompt) - 1:]
    q = log_probabilities(program, prompt + text["gen_ids"][:-1], "f16")[len(prompt) - 1:]
    first_two = np.partition(p, -2)[:, -2:]
    drift = np.abs(first_two[:, 1] - first_two[:, 0] - margins).max()
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    decided = int(np.argmax(margins < 0.7))
    written = run(program, prompt, "-n", str(len(expected)), "--ignore-eos").split()
    checks = {
        "the reference prefers the same tokens":
            (p.argmax(-1) == expected)[margins > 0.05].all(),
        "the reference is ahead by as much": drift < 0.001,
        "the program prefers the same tokens":
            (q.argmax(-1) == expected)[margins > 0.7].all(),
        "the program is close after the prompt": divergence[0] < 0.008,
        "the program is close": divergence.mean() < 0.005,
        "the program writes the same text":
            list(map(int, written[:decided])) == text["gen_ids"][:decided],
    }
    print(f"{text['prompt']}: {len(expected)} positions, margins differ by {drift:.4f}, "
          f"divergence {divergence[0]:.5f} after the prompt, {divergence.mean():.5f} mean")
    for what, good in checks.items():
        if not good:
            print(f"FAILED: {what}")
            failed = True
sys.exit(failed)
