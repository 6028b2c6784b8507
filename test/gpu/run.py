"""Tests programs for a GPU on a machine that has one.

    python test/gpu/run.py build QUIPU FOLDER [--target sm_90a] [--model FILE.gguf]...
    python test/gpu/run.py run FOLDER [--sanitize]

`build` makes programs of the golden models in several formats, and of the models
given, and what the reference says of each; it needs no GPU. `run` needs FOLDER,
this file and numpy alone, so that it works on a machine without a compiler. It compares

  - the logits of all positions with the reference's: max |difference| at most
    TOLERANCES of the largest logit
  - chunks of 1, 7, 16 and all tokens, and one run with another: the same bits
  - the greedy text with the reference's, and texts whose tokens the GPU has drawn with
    those that the host draws (which takes guesses)

and with --sanitize runs compute-sanitizer's memcheck, racecheck and synccheck over
each program. Its last line reads `N passed, N failed`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"
# Folder of test/golden, type of its matrices.
MODELS = [(folder, kind) for folder in ["llama-mha", "llama-gqa-tied"]
          for kind in ["f32", "bf16", "f16", "q8_0", "q4_0", "q4_1"]]
# With a cache in f16, and inputs of linear layers in f16 but for f32 weights.
TOLERANCES = {"f32": 2e-3, "bf16": 1e-2, "f16": 1e-2}
QUANTIZED = 1e-2
CHUNKS = [None, 1, 7, 16]
GENERATED = 24
SAMPLERS = ["--temperature 0.8 --seed 1", "--temperature 2 --top-k 64 --top-p 1 --min-p 0 --seed 2",
            "--repeat-penalty 1.3"]
CHECKS = ["memcheck", "racecheck", "synccheck"]


def output_of(*command, **options):
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if result.returncode:
        raise RuntimeError(f"exit status {result.returncode}: {' '.join(map(str, command))}\n"
                           f"{result.stderr[-2000:]}")
    return result.stdout


def build_one(quipu, model, tokens, target, to):
    output_of(quipu, "build", model, "--target", target, "-o", f"{to}.gpu")
    output_of(quipu, "build", model, "--target", "reference", "-o", f"{to}.reference")
    reference = [f"{to}.reference", "--tokens", tokens]
    output_of(*reference, f"--logits={to}.npy")
    Path(f"{to}.text").write_text(output_of(*reference, "-n", GENERATED, "--ignore-eos"))
    Path(f"{to}.tokens").write_text(tokens)
    Path(f"{to}.reference").unlink()
    print(f"built {to.name}", flush=True)


def build(args):
    folder = Path(args.folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in MODELS:
        tokens = output_of(sys.executable, GOLDEN / "expected.py", "tokens", GOLDEN / name)
        model = folder / "model.gguf"
        output_of(sys.executable, GOLDEN / "to_gguf.py", GOLDEN / name, model, "--type", kind)
        build_one(args.quipu, model, tokens.strip(), args.target, folder / f"{name}-{kind}")
        model.unlink()
    for model in args.model:
        build_one(args.quipu, model, ",".join(map(str, range(300, 340))), args.target,
                  folder / Path(model).stem)


class Results:
    passed = failed = 0

    def add(self, what, good):
        self.passed += good
        self.failed += not good
        print(f"{'PASS' if good else 'FAIL'}: {what}", flush=True)


def test(program, results):
    import numpy

    name = program.stem
    kind = name.rsplit("-", 1)[-1]
    tokens = program.with_suffix(".tokens").read_text()
    expected = numpy.load(program.with_suffix(".npy"))
    logits = program.with_suffix(".logits.npy")

    def run(*arguments):
        output_of(program, "--tokens", tokens, f"--logits={logits}", *arguments)
        return numpy.load(logits)

    first = run()
    error = abs(first - expected).max() / abs(expected).max()
    results.add(f"{name}: error {error:.1e}", error <= TOLERANCES.get(kind, QUANTIZED))
    for chunk in CHUNKS:
        again = run(*(["--chunk", chunk] if chunk else []))
        results.add(f"{name}: bits in chunks of {chunk or 'all'}", (first == again).all())
    generate = [program, "--tokens", tokens, "-n", GENERATED, "--ignore-eos"]
    for sampler in SAMPLERS:
        drawn = output_of(*generate, *sampler.split())
        results.add(f"{name}: text drawn with {sampler}",
                    drawn == output_of(*generate, *sampler.split(), "--lookup"))
    text = output_of(*generate)
    results.add(f"{name}: greedy text", text == program.with_suffix(".text").read_text())


def sanitize(program, results):
    tokens = program.with_suffix(".tokens").read_text()
    for check in CHECKS:
        run = subprocess.run(
            ["compute-sanitizer", "--tool", check, "--error-exitcode", "1", program, "--tokens",
             tokens, "-n", "4", "--ignore-eos"], capture_output=True, text=True)
        if run.returncode:
            print(run.stdout[-3000:])
        results.add(f"{program.stem}: {check}", run.returncode == 0)


def run(args):
    results = Results()
    for program in sorted(Path(args.folder).absolute().glob("*.gpu")):
        try:
            test(program, results)
            if args.sanitize:
                sanitize(program, results)
        except RuntimeError as error:
            print(error)
            results.add(program.stem, False)
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
builder.set_defaults(do=build)
runner = commands.add_parser("run")
runner.add_argument("folder")
runner.add_argument("--sanitize", action="store_true")
runner.set_defaults(do=run)
arguments = parser.parse_args()
arguments.do(arguments)
