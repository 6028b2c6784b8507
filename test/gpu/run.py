"""Tests programs for a GPU on a machine that has one.

    python test/gpu/run.py build QUIPU FOLDER [--target sm_90a] [--model FILE.gguf]...
                                 [--only PATTERN] [--jobs N]
    python test/gpu/run.py run FOLDER [--only PATTERN] [--sanitize] [--jobs N]

`build` makes programs of the golden models, of random models in every format of
weights, of the heads and for older chips, and what the reference says of each; it
needs no GPU, but a C compiler. `run` needs FOLDER, this file and numpy alone, so that
it works on a machine without a compiler. It compares

  - the logits of all positions with the reference's, with a cache in f16 or in f32: max
    |difference| at most TOLERANCES of the largest logit; other outputs likewise, and scores
    of labels and answers
  - chunks of 1, 7, 16 and all tokens, and one run with another: the same bits
  - the greedy text with the reference's, which may part where two logits are closer
    than the tolerance, and texts whose tokens the GPU has drawn with
    those that the host draws (which takes guesses)
  - several sequences side by side, in pieces of all lengths, forked and ended at
    random, with each alone: the same bits
  - what a program says that cannot run: one sentence

and with --sanitize runs compute-sanitizer's memcheck, racecheck and synccheck over
each program. Its last line reads `N passed, N failed`.
"""

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__, "../../..").resolve()
GOLDEN = ROOT / "test" / "golden"
# Folder of test/golden: types of its matrices.
FLOATS = ["f32", "bf16", "f16"]
MODELS = {
    "llama-mha": [*FLOATS, "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_1,q8_0,f16"],
    "llama-gqa-tied": [*FLOATS, "q8_0", "q4_0", "q4_1"],
    "llama-mqa-bias-f16": [*FLOATS, "q4_0"],
    "llama-linear-scaled": FLOATS,
    "llama3-scaled": FLOATS,
    "llama-yarn": FLOATS,
    "mistral-window": FLOATS,
    "qwen2": [*FLOATS, "q8_0"],
    "qwen3": [*FLOATS, "q4_0"],
    "stablelm-partial": [*FLOATS, "q8_0"],
    "olmo2": FLOATS,
    "cohere": [*FLOATS, "q8_0"],
    "gemma2": [*FLOATS, "q8_0"],
    "gemma3": [*FLOATS, "q8_0"],
    "granite": FLOATS,
    "phi3": FLOATS,
    "phi3-longrope": FLOATS,
    "glm4": FLOATS,
    "smollm3": FLOATS,
    "mixtral": [*FLOATS, "q8_0", "q4_1"],
    "qwen3-moe": [*FLOATS, "q4_0"],
    "gpt-oss": [*FLOATS, "mxfp4"],
    "gpt-oss-clamped": ["f32"],
    "deepseek-v3": FLOATS,
    "deepseek-v2-lite": FLOATS,
}
# These as they are stored, from their folders.
FOLDERS = ["arcee", "cohere2", "deepseek-v2", "dots1", "ernie4_5", "exaone4", "exaone4-full",
           "gemma", "glm4-moe", "granitemoe", "helium", "hunyuan-dense", "nemotron", "olmo", "olmo3",
           "olmoe", "phi", "qwen2-moe", "qwen2-vl", "qwen3-vl", "seed-oss", "starcoder2"]
# Folder of test/golden: what its program computes in place of logits.
ENCODERS = {"encoder-embedding": ["hidden"], "bert": ["hidden", "embed"]}
# As they are stored, too; their commands print scores.
CLASSIFIERS = ["seqcls", "seqcls-qwen2", "tokencls", "qa"]
# These see the whole text, which comes in one step.
WHOLE = ["bert"]
# Formats of 256 numbers a block and others, in models of random blocks.
FORMATS = ["q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs", "mxfp4"]
WIDE = dict(hidden=256, heads=8, ffn=512)
OLDER_CHIPS = ["sm_80", "sm_89"]
# With a cache in f16, and inputs of linear layers in f16 but for f32 weights. Random
# weights make nearly flat distributions, which the cache's rounding alone moves by 9e-3.
TOLERANCES = {"f32": 2e-3, "q4_k": 3e-2, "q5_k": 3e-2}
OTHERWISE = 1e-2
CHUNKS = [None, 1, 7, 16]
GENERATED = 24
# Where two experts score alike, the rounding of the cache alone leads the reference to one
# or the other, and so to other logits (qwen3-moe-q4_0's by 0.4): either is right.
CACHES = ["f16", "f32"]
SAMPLERS = ["--temperature 0.8 --seed 1", "--temperature 2 --top-k 64 --top-p 1 --min-p 0 --seed 2",
            "--repeat-penalty 1.3"]
CHECKS = ["memcheck", "racecheck", "synccheck"]
# Of the program that generates, too.
HEADS = ["embed", "hidden"]
SCORES = ["--format", "json", "--tokens"]
# The longest context takes 550 GB of this model, more than any GPU has.
LARGE = dict(format="F16", heads=8, kv_heads=8, head_dim=128, layers=8)
LONGEST = 1 << 24


def output_of(*command, **options):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if result.returncode:
        raise RuntimeError(f"exit status {result.returncode}: {' '.join(map(str, command))}\n"
                           f"{result.stderr[-2000:]}")
    return result.stdout


def outputs_of(program, head, tokens, *arguments):
    """{output: rows}"""
    import numpy

    with tempfile.TemporaryDirectory() as folder:
        output_of(program, head, "--tokens", tokens, f"--outputs={folder}", *arguments)
        return {path.stem: numpy.load(path) for path in Path(folder).glob("*.npy")}


def relative_error(have, expected):
    return float(abs(have - expected).max() / abs(expected).max())


# ---------------------------------------------------------------------------
# Programs and references
# ---------------------------------------------------------------------------

class Builder:
    def __init__(self, args, folder):
        self.quipu, self.folder, self.target = args.quipu, folder, args.target

    def program(self, model, name, *options, target=None):
        output_of(self.quipu, "build", model, "--target", target or self.target, "-o",
                  self.folder / name, *options)

    def compared(self, model, tokens, name, chips=()):
        """A program beside which lies what the reference says."""
        to = self.folder / name
        self.program(model, f"{name}.gpu")
        for chip in chips:  # as PTX, which runs on later ones
            self.program(model, f"{name}@{chip}.gpu", "--ptxas", "none", target=chip)
        self.program(model, f"{name}.reference", target="reference")
        reference = [f"{to}.reference", "--tokens", tokens]
        for cache in CACHES:
            output_of(*reference, f"--logits={to}.{cache}.npy", "--cache-type", cache)
            Path(f"{to}.{cache}.text").write_text(output_of(
                *reference, "-n", GENERATED, "--ignore-eos", "--cache-type", cache))
        Path(f"{to}.tokens").write_text(tokens)
        Path(f"{to}.reference").unlink()

    def heads(self, model, tokens, name, heads, others=()):
        """A program with `heads`, which are compared, and others."""
        import numpy

        to = self.folder / name
        options = ["--head", ",".join([*others, *heads])]
        self.program(model, f"{name}.entries", *options)
        self.program(model, f"{name}.reference", *options, target="reference")
        outputs = {f"{head}.{output}": rows for head in heads
                   for output, rows in outputs_of(f"{to}.reference", head, tokens).items()}
        numpy.savez(f"{to}.npz", **outputs)
        Path(f"{to}.tokens").write_text(tokens)
        Path(f"{to}.reference").unlink()

    def scores(self, model, tokens, name):
        """A program whose command prints scores, which are compared."""
        to = self.folder / name
        self.program(model, f"{name}.scores")
        self.program(model, f"{name}.reference", target="reference")
        Path(f"{to}.json").write_text(output_of(f"{to}.reference", *SCORES, tokens))
        Path(f"{to}.tokens").write_text(tokens)
        Path(f"{to}.reference").unlink()

    def library(self, model, name):
        """Programs in C that compare sequences with each alone, as NAME.NUMBER.test."""
        self.program(model, f"lib{name}.so", "--lib")
        for number, source in enumerate(["test/end-to-end/Inputs/ragged.c",
                                         "test/runtime/capi/sequences-test.c"]):
            output_of("cc", "-std=c11", "-O1", f"-I{ROOT}", ROOT / source, f"-L{self.folder}",
                      f"-l{name}", "-Wl,-rpath,$ORIGIN", "-o",
                      self.folder / f"{name}.{number}.test")


def list_tasks(builder, models):
    """(name, what makes it of the path of a file that it may write)"""
    sys.path.append(str(ROOT / "test" / "Inputs"))
    import numpy
    from random_llama import write_llama

    def of_golden(make, folder, kind, *arguments, conversion=(), **options):
        def task(model):
            output_of(sys.executable, GOLDEN / "to_gguf.py", GOLDEN / folder, model, "--type", kind,
                      *conversion)
            tokens = output_of(sys.executable, GOLDEN / "expected.py", "tokens", GOLDEN / folder)
            make(model, tokens.strip(), *arguments, **options)
        return task

    def of_folder(make, folder):
        tokens = output_of(sys.executable, GOLDEN / "expected.py", "tokens", GOLDEN / folder)
        return lambda _: make(GOLDEN / folder, tokens.strip(), folder)

    def of_random(name, length, **sizes):
        def task(model):
            random = numpy.random.default_rng(7)
            write_llama(model, random, **sizes)
            tokens = " ".join(map(str, random.integers(0, 333, length)))
            builder.compared(model, tokens, name)
        return name, task

    def without_tokens(make, name):
        return lambda model, tokens: make(model, name)

    def large(model):
        write_llama(model, numpy.random.default_rng(7), **LARGE)
        builder.program(model, "large.errors")

    missing = {path.name for path in GOLDEN.iterdir() if path.is_dir()}
    missing -= {*MODELS, *ENCODERS, *FOLDERS, *CLASSIFIERS}
    if missing - {"__pycache__"}:
        sys.exit(f"{__file__} has no types for the golden models {', '.join(sorted(missing))}")
    for folder, kinds in MODELS.items():
        for kind in kinds:
            name = f"{folder}-{kind.replace(',', '+')}"
            chips = OLDER_CHIPS if name in ["llama-gqa-tied-bf16", "qwen3-q4_0", "mixtral-bf16"] else []
            yield name, of_golden(builder.compared, folder, kind, name, chips=chips)
    # With a cache of whole heads.
    name = "deepseek-v3-joined-bf16"
    yield name, of_golden(builder.compared, "deepseek-v3", "bf16", name, conversion=["--joined"])
    for folder in FOLDERS:
        yield folder, of_folder(builder.compared, folder)
    yield "heads", of_golden(builder.heads, "llama-gqa-tied", "bf16", "heads", HEADS,
                             others=["generate"])
    for folder, heads in ENCODERS.items():
        for kind in FLOATS:
            yield f"{folder}-{kind}", of_golden(builder.heads, folder, kind, f"{folder}-{kind}",
                                                heads)
    for folder in CLASSIFIERS:
        yield folder, of_folder(builder.scores, folder)
    for folder, kind in [("llama-gqa-tied", "q4_0"), ("mistral-window", "bf16"),
                         ("gemma3", "bf16")]:
        name = f"{folder}-{kind}-sequences"
        yield name, of_golden(without_tokens(builder.library, name), folder, kind)
    for kind in FORMATS:
        yield of_random(f"random-{kind}", 150, format=kind.upper(), **WIDE)
    # Longer than a page of the cache, and than the largest chunk.
    yield of_random("random-long-bf16", 400, format="BF16", head_dim=64, **WIDE)
    yield "large", large
    for path in models:
        tokens = " ".join(map(str, range(300, 340)))
        yield Path(path).stem, lambda _, path=path: builder.compared(path, tokens, Path(path).stem)


def build(args):
    folder = Path(args.folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)

    def make(task):
        name, function = task
        with tempfile.TemporaryDirectory() as inputs:
            function(Path(inputs, "model.gguf"))
        print(f"built {name}", flush=True)

    tasks = [task for task in list_tasks(Builder(args, folder), args.model)
             if fnmatch.fnmatch(task[0], args.only)]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(make, tasks))


# ---------------------------------------------------------------------------
# Tests
# ---------------------------------------------------------------------------

class Results:
    passed = failed = 0

    def add(self, what, good, why=""):
        self.passed += good
        self.failed += not good
        print(f"{'PASS' if good else 'FAIL'}: {what}{why and chr(10)}{why}", flush=True)


def near_tie(program, tokens, text, wanted, logits):
    """By how much of the largest logit the two tokens differ at which two texts of ids
    part: 0 if they do not, infinite if one is not ids."""
    import numpy

    if text == wanted:
        return 0
    have, want = text.split(), wanted.split()
    if len(have) != len(want) or not all(map(str.isdigit, have + want)):
        return float("inf")
    first = next(i for i, pair in enumerate(zip(have, want)) if pair[0] != pair[1])
    output_of(program, "--tokens", " ".join([tokens, *want[:first]]), f"--logits={logits}")
    last = numpy.load(logits)[-1]
    return float(abs(last[int(have[first])] - last[int(want[first])]) / abs(last).max())


def test_program(program, results):
    import numpy

    name = program.stem
    expected = program.with_name(name.split("@")[0])
    kind = expected.name.rsplit("-", 1)[-1]
    tokens = Path(f"{expected}.tokens").read_text()
    references = [numpy.load(f"{expected}.{cache}.npy") for cache in CACHES]
    logits = program.with_suffix(".logits.npy")

    def run(*arguments):
        output_of(program, "--tokens", tokens, f"--logits={logits}", *arguments)
        return numpy.load(logits)

    first = run()
    error = min(relative_error(first, reference) for reference in references)
    results.add(f"{name}: error {error:.1e}", error <= TOLERANCES.get(kind, OTHERWISE))
    for chunk in CHUNKS:
        again = run(*(["--chunk", chunk] if chunk else []))
        results.add(f"{name}: bits in chunks of {chunk or 'all'}", (first == again).all())
    generate = [program, "--tokens", tokens, "-n", GENERATED, "--ignore-eos"]
    for sampler in SAMPLERS:
        drawn = output_of(*generate, *sampler.split())
        results.add(f"{name}: text drawn with {sampler}",
                    drawn == output_of(*generate, *sampler.split(), "--lookup"))
    text = output_of(*generate)
    gap = min(near_tie(program, tokens, text, Path(f"{expected}.{cache}.text").read_text(), logits)
              for cache in CACHES)
    results.add(f"{name}: greedy text{f', parts at a gap of {gap:.1e}' if gap else ''}",
                gap <= TOLERANCES.get(kind, OTHERWISE))


def test_heads(program, results):
    import numpy

    tokens = program.with_suffix(".tokens").read_text()
    kind = program.stem.rsplit("-", 1)[-1]
    expected = numpy.load(program.with_suffix(".npz"))
    is_whole = any(program.stem.startswith(name) for name in WHOLE)
    for head in {name.split(".")[0]: None for name in expected}:
        first = outputs_of(program, head, tokens)
        for name, rows in first.items():
            error = relative_error(rows, expected[f"{head}.{name}"])
            results.add(f"{program.stem}: {head}, error {error:.1e}",
                        error <= TOLERANCES.get(kind, OTHERWISE))
        for chunk in [None] if is_whole else CHUNKS:
            again = outputs_of(program, head, tokens, *(["--chunk", chunk] if chunk else []))
            results.add(f"{program.stem}: {head}, bits in chunks of {chunk or 'all'}",
                        first.keys() == again.keys() and
                        all((rows == again[name]).all() for name, rows in first.items()))


def largest_difference(have, want):
    """Of two values of JSON; infinite where anything but a score differs."""
    if isinstance(have, float) and isinstance(want, float):
        return abs(have - want)
    if isinstance(have, dict) and isinstance(want, dict) and have.keys() == want.keys():
        # Of two labels that score alike either may be the best, which none is that
        # has more than half.
        if "label" in want and want["score"] <= 0.5 + OTHERWISE:
            have = {**have, "label": want["label"]}
        have, want = list(have.values()), list(want.values())
    if isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        return max(map(largest_difference, have, want), default=0.0)
    return 0.0 if have == want else float("inf")


def test_scores(program, results):
    command = [program, *SCORES, program.with_suffix(".tokens").read_text()]
    first, wanted = output_of(*command), program.with_suffix(".json").read_text()
    error = largest_difference(json.loads(first), json.loads(wanted))
    results.add(f"{program.stem}: scores, error {error:.1e}", error <= OTHERWISE,
                "" if error <= OTHERWISE else f"{first}reference: {wanted}")
    for chunk in CHUNKS:
        again = output_of(*command, *(["--chunk", chunk] if chunk else []))
        results.add(f"{program.stem}: scores in chunks of {chunk or 'all'}", again == first)


def test_sequences(program, results):
    arguments = {"0": ["f16", "f32"], "1": ["200"]}[program.suffixes[-2][1:]]
    text = output_of(program, *arguments)
    results.add(f"{program.stem}: {text.strip().splitlines()[-1]}", True)


def test_errors(program, results):
    for arguments, sentence in [
        (["--device", 99], r"the device must be from 0 to \d+, not 99"),
        (["--cache-type", "q8_0"], r".*q8_0.*"),
        (["--context", LONGEST], r".+ has [\d.]+ GB of its [\d.]+ GB free, but this needs "
                                  r"[\d.]+ GB: [\d.]+ GB for weights, [\d.]+ GB for the cache, .+"),
    ]:
        done = subprocess.run([program, "--tokens", "1", "-n", "1", *map(str, arguments)],
                              capture_output=True, text=True)
        said = re.fullmatch(rf"[^\n]+: error: {sentence}\n", done.stderr)
        results.add(f"{program.stem} {' '.join(map(str, arguments))}",
                    done.returncode == 1 and bool(said), "" if said else done.stderr)


def sanitize(program, results):
    if program.suffix == ".gpu":
        tokens = Path(f"{program.with_name(program.stem.split('@')[0])}.tokens").read_text()
        arguments = ["--tokens", tokens, "-n", "4", "--ignore-eos"]
    elif program.suffix == ".entries":
        arguments = ["hidden", "--tokens", program.with_suffix(".tokens").read_text()]
    else:
        return
    for check in CHECKS:
        done = subprocess.run(
            ["compute-sanitizer", "--tool", check, "--error-exitcode", "1", program, *arguments],
            capture_output=True, text=True)
        results.add(f"{program.stem}: {check}", done.returncode == 0,
                    done.stdout[-3000:] if done.returncode else "")


def run(args):
    results = Results()
    tests = {".gpu": test_program, ".entries": test_heads, ".scores": test_scores,
             ".test": test_sequences, ".errors": test_errors}

    def run_one(program):
        try:
            tests[program.suffix](program, results)
            if args.sanitize:
                sanitize(program, results)
        except (OSError, RuntimeError) as error:
            results.add(program.stem, False, str(error))

    programs = [path for path in sorted(Path(args.folder).absolute().glob(args.only))
                if path.suffix in tests]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(run_one, programs))
    print(f"{results.passed} passed, {results.failed} failed")
    sys.exit(results.failed > 0)


parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(required=True)
builder = commands.add_parser("build")
builder.add_argument("quipu")
builder.add_argument("folder")
builder.add_argument("--target", default="sm_90a")
builder.add_argument("--model", action="append", default=[])
builder.add_argument("--only", default="*", help="of which names (default: all)")
builder.set_defaults(do=build)
runner = commands.add_parser("run")
runner.add_argument("folder")
runner.add_argument("--only", default="*", help="of which names (default: all)")
runner.add_argument("--sanitize", action="store_true")
runner.set_defaults(do=run)
for command, jobs in [(builder, os.cpu_count()), (runner, 8)]:
    command.add_argument("--jobs", type=int, default=jobs,
                         help=f"programs side by side (default: {jobs})")
arguments = parser.parse_args()
arguments.do(arguments)
