"""Compiles a golden model and compares what its program says with what others say.

usage: golden.py QUIPU FOLDER --target T [--type TYPE] --tolerance X [--greedy]
                 [--emulator COMMAND] [--spec FILE --loops NAME,...] [--chunks N,...]
                 [--heads NAME,...] [--joined] [--quantize NAME]

Builds a program of the folder (see test/golden/README.md) or, with a type, of the
GGUF file that it is converted to, and compares the logits of all positions, with an f32 cache, with Hugging
Face's if the weights are stored as they were or in f32, otherwise with those of
llama_numpy.py on the same file, which rounds activations as kernels do: to 8 bits,
but for --target=reference and f16 weights. Fails unless max |difference| <= X * max |logit|.
--greedy also compares 24 tokens of greedy text, with either cache. The program runs
as the emulator's argument, if there is one. --chunks compares the logits once more
for each number of tokens at once. --heads compares the hidden states, or the
embedding, in place of logits. --joined is to_gguf.py's.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden"


def run(*command):
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"exit status {result.returncode}: {' '.join(map(str, command))}")
    return result.stdout


def python(script, *arguments):
    return run(sys.executable, GOLDEN / script, *arguments)


parser = argparse.ArgumentParser()
parser.add_argument("quipu")
parser.add_argument("folder")
parser.add_argument("--target", required=True)
parser.add_argument("--type")
parser.add_argument("--tolerance", required=True)
parser.add_argument("--greedy", action="store_true")
parser.add_argument("--emulator", default="")
parser.add_argument("--spec")
parser.add_argument("--loops", default="")
parser.add_argument("--chunks", default="")
parser.add_argument("--heads", default="")
parser.add_argument("--joined", action="store_true")
parser.add_argument("--quantize", default="")
args = parser.parse_args()

# What a head's output, by its name, is in the folder.
OUTPUTS = {"hidden": ("hidden", "last_hidden_state"), "embed": ("embedding", "embedding")}
folder = GOLDEN / args.folder
heads = list(filter(None, args.heads.split(",")))
tokens = python("expected.py", "tokens", folder)
model = "model.gguf" if args.type else folder
if args.type:
    python("to_gguf.py", folder, model, "--type", args.type, "--loops", args.loops,
           *(["--joined"] if args.joined else []))
run(args.quipu, "build", model, "--target", args.target, "-o", "program",
    *(["--spec", args.spec] if args.spec else []),
    *(["--head", args.heads] if heads else []),
    *(["--quantize", args.quantize] if args.quantize else []))
program = [*args.emulator.split(), "./program"]
for head in heads:
    output, name = OUTPUTS[head]
    for chunk in ["128", *filter(None, args.chunks.split(","))]:
        run(*program, head, "--tokens", tokens, "--cache-type=f32", "--outputs=outputs",
            "--chunk", chunk)
        print(args.folder, head, args.target, "chunks of", chunk, python(
            "expected.py", "compare", folder, f"outputs/{output}.npy", args.tolerance, name), flush=True)
if heads:
    sys.exit(0)
run(*program, "--tokens", tokens, "--cache-type=f32", "--logits=logits.npy")
config = json.loads((folder / "config.json").read_text())
stored = config.get("torch_dtype") or config["dtype"]
if args.type in (None, "f32", {"bfloat16": "bf16", "float16": "f16"}.get(stored)):
    expected = folder
else:
    expected = "expected.npy"
    int8 = args.target != "reference"
    python("llama_numpy.py", "model.gguf", "--tokens", tokens, "--logits", expected,
           *(["--activations", "int8"] if int8 else []))
print(args.folder, args.type or "as it is", args.target,
      python("expected.py", "compare", expected, "logits.npy", args.tolerance), flush=True)
for chunk in filter(None, args.chunks.split(",")):
    run(*program, "--tokens", tokens, "--cache-type=f32", "--logits=chunk.npy", "--chunk", chunk)
    python("expected.py", "compare", expected, "chunk.npy", args.tolerance)
for cache in ["f32", "f16"] if args.greedy else []:
    text = run(*program, "--tokens", tokens, "-n", 24, "--ignore-eos", "--cache-type", cache)
    if text != python("expected.py", "greedy", folder):
        sys.exit(f"with an {cache} cache the program continues with {text}")
