"""Runs small random models on a GPU that is a fake, and compares with the reference.

usage: check_device_kernels.py QUIPU SPEC FOLDER DRIVER [--target TARGET] [--long] CASE...

The cases are those of the CPU's kernels. DRIVER is the folder of the fake driver,
which executes the program's PTX. The reference gets the program's own fused kernels,
without the steps for many tokens. A prompt goes to a GPU at once and in
chunks, so that each kind of kernel computes it: for one token, for up to 16, for
many. The bits must be the same. --long adds a prompt of more than a page of the
cache, and the cache in f32.
"""

import argparse
import os
import re
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(__file__), *2 * [os.pardir], "cpu", "Inputs"))
from check_kernels import CASES, DEFAULTS, leave_target_out, run
from random_llama import SIZES, write_llama


def leave_long_steps_out(path):
    """What the reference's kernels compute lies on the stack: few tokens at a time."""
    with open(path) as file:
        text = file.read()
    text = re.sub(r"    quipu\.(kernel|step) @prefill(?:128|2048)\b.*?\n    }\n", "", text, flags=re.DOTALL)
    with open(path, "w") as file:
        file.write(re.sub(r", @prefill(?:128|2048)\b\w*", "", text))


def check(name, args, spec):
    case = type("Case", (), SIZES | DEFAULTS | CASES[name])
    rng = np.random.default_rng(7)
    for before, after in case.edits.items():
        spec = spec.replace(before, after)

    def at(suffix):
        return os.path.join(args.folder, name + suffix)

    with open(at(".mlir"), "w") as file:
        file.write(spec)
    sizes = {key: value for key, value in CASES[name].items() if key not in DEFAULTS}
    write_llama(at(".gguf"), rng, **sizes)
    build = [args.quipu, "build", at(".gguf"), "--spec", at(".mlir")]
    run(*build, "--target", args.target, "--dump-stages", at(".stages"), "-o", at(""))
    fused = next(os.path.join(at(".stages"), file) for file in os.listdir(at(".stages"))
                 if "fused" in file)
    leave_target_out(fused)
    leave_long_steps_out(fused)
    run(*build, "--from", f"fused:{fused}", "--target", "reference", "-o", at(".reference"))
    gpu = ["env", f"LD_LIBRARY_PATH={args.driver}", "FAKE_CUDA_RUN=1",
           f"FAKE_CUDA_CAPABILITY={re.sub('[^0-9]', '', args.target)}"]

    def logits(program, ids, *options):
        command = gpu if program == at("") else []
        run(*command, program, "--tokens", " ".join(map(str, ids)), "--logits", at(".npy"), *options)
        return np.load(at(".npy"))

    prompts = [(20, "f16", [1, 7, 17])]
    if args.long:
        prompts += [(150, "f16", [16, 100]), (150, "f32", [140])]
    broken, errors = [], []
    for length, cache, chunks in prompts:
        ids = rng.integers(0, case.words, length)
        expected = logits(at(".reference"), ids, "--cache-type", cache)
        got = logits(at(""), ids, "--cache-type", cache)
        errors.extend(np.abs(got - expected).max(axis=1) / np.abs(expected).max())
        for chunk in chunks:
            other = logits(at(""), ids, "--cache-type", cache, "--chunk", chunk)
            if other.tobytes() != got.tobytes():
                broken.append(f"{length} tokens, {cache}, chunks of {chunk}: other bits, "
                              f"{np.abs(other - got).max():.1e} apart")
    usual, worst = np.median(errors), max(errors)
    # Numbers on the border between two of f16 may be rounded otherwise.
    if not (usual < 2e-3 and worst < 2e-2):
        broken.append("other logits than the reference's")
    print(f"{name}: {'; '.join(broken) or 'good'} ({usual:.0e}, {worst:.0e})", flush=True)
    return not broken


parser = argparse.ArgumentParser()
for argument in ["quipu", "spec", "folder", "driver"]:
    parser.add_argument(argument)
parser.add_argument("--target", default="sm_90a")
parser.add_argument("--long", action="store_true")
parser.add_argument("cases", nargs="*", default=CASES)
arguments = parser.parse_intermixed_args()
with open(arguments.spec) as spec_file:
    llama = spec_file.read()
os.makedirs(arguments.folder, exist_ok=True)
results = [check(case, arguments, llama) for case in arguments.cases]
sys.exit(0 if all(results) else 1)
