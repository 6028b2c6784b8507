"""Changes the texts of a small model's stages, and sees what becomes of them.

usage: mutate_stages.py QUIPU MODEL FOLDER [--seeds FIRST:END] [--stages STAGE,...]
                        [--gpu DRIVER]

Each seed is one edit of one stage's text: a number, a name, a type or a word becomes
another one, a line is left out, doubled or swapped with the next, a barrier is missing
or elsewhere, a result has another place in memory. The compiler must
refuse the text with an error, or build a program whose logits are those of the
reference for the same text, for any number of threads. (Where both read the same wrong
line, as a spec's, they agree.) Prints what goes wrong with the edit, and counts.

With --gpu the programs are for GPUs, on the fake driver in the folder DRIVER.
"""

import argparse
import collections
import os
import random
import re
import subprocess
import sys

import numpy as np

CPU, GPU = "x86-64-v3", "sm_90a"  # any machine's seeds make the same edits
CRASH = re.compile(r"LLVM ERROR|Assertion|Stack dump|PLEASE submit|runtime error:|terminate called")
NUMBER = re.compile(r"(?<![\w.%@\"])-?\d+(\.\d+)?(e[-+]\d+)?(?![\w.])")
VALUE = re.compile(r"%\w+")
SYMBOL = re.compile(r"@[\w.]+|\"[\w.*]+\"")
TYPE = re.compile(r"tensor<[^<>]*>|!quipu\.cache<[^<>]*>|!quipu\.\w+|\b(f32|f16|bf16|i32)\b")
WORD = re.compile(r"\b[a-z][a-z_]+\b")
ARENA = re.compile(r"\barena \[([-\d, ]+)\]")
BARRIER = re.compile(r"^ *quipu\.barrier\n", re.M)
RESULT = re.compile(r"^ *(%\w+) = [^%\n]*(%\w+).*\n", re.M)
ALIKE = [["adjacent", "halves"], ["silu", "gelu", "gelu_tanh", "relu", "sigmoid", "tanh"],
         ["swiglu", "add", "mul"], ["tiles", "heads", "rows", "tokens", "whole", "none"],
         ["cpu_tiles", "cpu_rows", "cpu_attention", "cpu_pool", "cpu_angles"],
         ["gpu_rows", "gpu_dots", "gpu_attention", "gpu_pool", "gpu_angles"],
         ["f32", "f16", "bf16"], ["rms_norm", "softmax"], ["pairs", "window", "scale"]]


def replace_one(pattern, text, rng, make=None):
    """Another thing of the same kind, from the same text, in place of one."""
    found = list(pattern.finditer(text))
    if not found:
        return text
    match = rng.choice(found)
    new = make(match[0]) if make else rng.choice(sorted({other[0] for other in found}))
    return text[:match.start()] + new + text[match.end():]


def edit_number(text, rng):
    def make(old):
        if "." in old or "e" in old:
            return rng.choice(["0.0", "-1.0", "1.0e+38", "1", "0.5"])
        value = int(old)
        return str(rng.choice([0, 1, -1, value + 1, value - 1, 2 * value, value // 2, value + 16,
                               2**31, 2**63 - 1]))
    return replace_one(NUMBER, text, rng, make)


def edit_lines(text, rng):
    lines = text.split("\n")
    place = rng.randrange(2, max(3, len(lines) - 3))
    kind = rng.randrange(4)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, lines[place])
    elif kind == 2:
        lines[place - 1], lines[place] = lines[place], lines[place - 1]
    else:
        other = rng.randrange(2, len(lines) - 2)
        lines.insert(other, lines.pop(place))
    return "\n".join(lines)


def edit_word(text, rng):
    words = rng.choice([words for words in ALIKE if any(word in text for word in words)])
    pattern = re.compile(r"\b(" + "|".join(words) + r")\b")
    return replace_one(pattern, text, rng, lambda old: rng.choice(words))


def edit_operand(text, rng):
    """A value becomes one that is named nearby."""
    match = rng.choice(list(VALUE.finditer(text)))
    near = VALUE.findall(text[max(0, match.start() - 600):match.end()])
    return text[:match.start()] + rng.choice(near) + text[match.end():]


def leave_out(text, rng):
    """An op goes, what it was made of takes the place of its result."""
    match = rng.choice(list(RESULT.finditer(text)))
    end = text.find("\n    }\n", match.end())
    use = re.compile(re.escape(match[1]) + r"\b")
    return (text[:match.start()] + use.sub(lambda _: match[2], text[match.end():end]) + text[end:])


def edit_barrier(text, rng):
    """A barrier goes, or comes before another line."""
    match = rng.choice(list(BARRIER.finditer(text)) or [None])
    if not match:
        return text
    text = text[:match.start()] + text[match.end():]
    if rng.randrange(2):
        start = rng.choice(list(RESULT.finditer(text))).start()
        text = text[:start] + match[0] + text[start:]
    return text


def edit_place(text, rng):
    """A result goes to another place in the arena, one that is used or one nearby."""
    places = list(ARENA.finditer(text))
    if not places:
        return text
    match = rng.choice(places)
    offsets = match[1].split(", ")
    changed = rng.randrange(len(offsets))
    other = rng.choice(rng.choice(places)[1].split(", "))
    offsets[changed] = rng.choice([other, str(max(0, int(other) - 64)), str(int(other) + 64)])
    return text[:match.start(1)] + ", ".join(offsets) + text[match.end(1):]


EDITS = [*3 * [edit_number], edit_lines, *2 * [edit_word], *2 * [edit_operand], *2 * [leave_out],
         edit_barrier, edit_place,
         *(lambda text, rng, pattern=pattern: replace_one(pattern, text, rng)
           for pattern in [VALUE, SYMBOL, TYPE, WORD])]


def run(*command, seconds=600):
    """Returns (status, output); a signal's status is negative."""
    try:
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=seconds)
    except subprocess.TimeoutExpired:
        return -1, f"still running after {seconds} seconds"
    return done.returncode, done.stdout.decode(errors="replace")


class Broken(Exception):
    """What must not happen."""


class Refused(Exception):
    """An error of the compiler or of the program."""


def check_run(what, *command):
    status, output = run(*command)
    if status < 0 or status > 1 or CRASH.search(output):
        raise Broken(f"{what}: status {status}: {output[-600:]}")
    if status:
        if "error: " not in output:
            raise Broken(f"{what} fails without an error: {output[-600:]}")
        raise Refused(f"{what}: {output.splitlines()[0][:200]}")


def logits(program, *options):
    ids = " ".join(str(7 * i % 90 + 1) for i in range(21))
    check_run("running", *program, "--tokens", ids, "--logits", program[-1] + ".npy", *options)
    return np.load(program[-1] + ".npy")


def leave_long_steps_out(text):
    """What the reference has no room for, and no prompt here needs."""
    text = re.sub(r"    quipu\.(kernel|step) @prefill2048.*?\n    }\n", "", text, flags=re.DOTALL)
    return re.sub(r", @prefill2048\w*", "", text)


def check(args, path, stage):
    """Returns what the mutant does, if that is in order."""
    folder = args.folder
    target = GPU if args.gpu else CPU
    build = [args.quipu, "build", args.model, "--context", 64, "--target", target]
    program, reference = os.path.join(folder, "program"), os.path.join(folder, "reference")
    check_run("building", *build, "--from", f"{stage}:{path}", "-o", program)
    if args.gpu:
        program = ["env", f"LD_LIBRARY_PATH={args.gpu}", "FAKE_CUDA_RUN=1", program]
        usual = other = ["--cache-type", "f16"]
    else:
        program = [program]
        usual, other = (["--cache-type", "f32", "-t", threads] for threads in [1, 2])
    # Both round activations in the same places: the reference gets the program's kernels.
    if stage in ("spec", "graph"):
        fused = os.path.join(folder, "fused.mlir")
        check_run("fusing", *build, "--from", f"{stage}:{path}", "--emit", "fused", "-o", fused)
        stage, path = "fused", fused
    first = logits(program, *usual)
    if logits(program, *other).tobytes() != first.tobytes():
        raise Broken("other bits with two threads, or the second time")
    # Without its target a module can be built for another.
    with open(path) as file:
        text = file.read()
    path = os.path.join(folder, "for-reference.mlir")
    with open(path, "w") as file:
        file.write(leave_long_steps_out(re.sub(r"^module attributes .*", "module {", text)))
    check_run("building for the reference", *build[:-1], "reference", "--from", f"{stage}:{path}",
              "-o", reference)
    expected = logits([reference], *usual[:2], "-t", 1)
    if first.shape != expected.shape:
        raise Broken(f"logits {first.shape}, the reference's are {expected.shape}")
    apart = np.abs(first - expected) / max(np.abs(expected).max(), 1e-30)
    same = (first == expected) | (np.isnan(first) & np.isnan(expected))
    if not (same | (apart < 5e-2)).all():
        raise Broken(f"other logits than the reference's: {np.nanmax(apart):.1e} apart, "
                     f"{np.isnan(apart).sum()} are no numbers")
    return "built"


def main():
    parser = argparse.ArgumentParser()
    for name in ["quipu", "model", "folder"]:
        parser.add_argument(name)
    parser.add_argument("--seeds", default="0:50")
    parser.add_argument("--stages", default="spec,graph,fused,scheduled")
    parser.add_argument("--gpu", metavar="DRIVER")
    args = parser.parse_args()
    stages = os.path.join(args.folder, "stages")
    os.makedirs(args.folder, exist_ok=True)
    status, output = run(args.quipu, "build", args.model, "--context", 64, "--target",
                         GPU if args.gpu else CPU, "--dump-stages", stages, "-o",
                         os.path.join(args.folder, "original"))
    if status:
        sys.exit(output)
    texts = {}
    for name in os.listdir(stages):
        stage = name.partition("-")[2].removesuffix(".mlir")
        if stage in args.stages.split(","):
            with open(os.path.join(stages, name)) as file:
                texts[stage] = leave_long_steps_out(file.read())

    try:
        check(args, os.path.join(stages, "2-fused.mlir"), "fused")
    except (Broken, Refused) as broken:
        sys.exit(f"without a change: {broken}")
    counts = collections.Counter()
    first, end = map(int, args.seeds.split(":"))
    for seed in range(first, end):
        rng = random.Random(seed)
        stage = rng.choice(sorted(texts))
        text = texts[stage]
        while text == texts[stage]:
            text = rng.choice(EDITS)(texts[stage], rng)
        path = os.path.join(args.folder, f"{seed}.{stage}.mlir")
        with open(path, "w") as file:
            file.write(text)
        try:
            counts[check(args, path, stage)] += 1
        except Refused:
            counts["refused"] += 1
        except Broken as broken:
            counts["broken"] += 1
            before, after = (set(t.split("\n")) for t in (texts[stage], text))
            changed = [f"- {line.strip()[:300]}" for line in before - after]
            changed += [f"+ {line.strip()[:300]}" for line in after - before]
            print(f"seed {seed}, {stage}: {broken}\n  " + "\n  ".join(changed[:6]), flush=True)
            continue
        os.remove(path)
    print(f"{counts['built']} built, {counts['refused']} refused, {counts['broken']} broken")
    sys.exit(1 if counts["broken"] else 0)


main()
