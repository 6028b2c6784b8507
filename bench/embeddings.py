"""Measures sentences per second: all-MiniLM-L6-v2 by Quipu, llama.cpp and onnxruntime.

usage: embeddings.py [--texts N] [--rounds N] [--threads N,...]

All get the same texts, of 8 to 200 tokens, from lines of a file to vectors; loading is not
counted. llama.cpp reads a BERT GGUF that is made here, in F32 and in F16, onnxruntime a graph
that onnx_embeddings.py writes. Of these the best of several batch sizes counts; Quipu has no
such choice. Vectors must agree. The table is markdown.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import peers

FOLDER = peers.ROOT / "build" / "models" / "all-MiniLM-L6-v2"
WORK = peers.PEERS / "embeddings"
TOLERANCE = {"F32": 1e-3, "F16": 5e-3}


def write_texts(count):
    """Lines of 8 to 200 tokens, all lengths as often, in no order."""
    words = (Path(__file__).parent / "text.txt").read_text().split()
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    lengths = np.random.default_rng(1).permutation(np.linspace(8, 200, count).round().astype(int))
    lines, at = [], 0
    for length in lengths:
        line = words[at % len(words)]
        while len(tokenizer.encode(line).ids) < length:
            at += 1
            line += " " + words[at % len(words)]
        lines.append(line)
    path = WORK / "texts.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def make_gguf(kind):
    path = WORK / f"minilm-{kind}.gguf"
    if not path.exists():
        peers.output_of([sys.executable, Path(__file__).parent / "bert_gguf.py", FOLDER, path, kind])
    return path


def run_quipu(program, threads, texts):
    result = subprocess.run([program, "embed", "-v", "-t", str(threads), "--outputs", WORK / "quipu"],
                            stdin=open(texts), capture_output=True, text=True, check=True)
    seconds = float(re.search(r"tokens in ([0-9.]+) s", result.stderr)[1])
    return seconds, np.load(WORK / "quipu" / "embedding.npy")


def run_peer(command, texts):
    out = WORK / "vectors.f32"
    seconds = float(peers.output_of([*command, out, texts]))
    return seconds, np.fromfile(out, np.float32).reshape(-1, 384)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", default="1,2")
    args = parser.parse_args()
    if not FOLDER.exists():
        peers.fail(f"{FOLDER}: no such folder; 'scripts/setup.sh --tests' fetches it")
    WORK.mkdir(parents=True, exist_ok=True)
    texts = write_texts(args.texts)
    program = WORK / "minilm"
    peers.output_of([peers.QUIPU, "build", FOLDER, "-o", program])
    llama, python = peers.llama_embeddings(), peers.onnxruntime()
    _, expected = run_quipu(program, 1, texts)

    print(f"{args.texts} texts, sentences per second, median of {args.rounds} rounds\n")
    print("| threads | Quipu | llama.cpp F32 | F16 | onnxruntime | Quipu / llama.cpp | Quipu / onnxruntime |")
    print("|---|---|---|---|---|---|---|")
    for threads in map(int, args.threads.split(",")):
        runs = {("Quipu", 0): lambda: run_quipu(program, threads, texts)}
        for kind in TOLERANCE:
            for batch in (256, 512):
                command = [llama, make_gguf(kind), threads, batch]
                runs[kind, batch] = lambda command=command: run_peer(command, texts)
        for batch in (1, 8):
            command = [python, Path(__file__).parent / "onnx_embeddings.py", FOLDER, threads, batch]
            runs["onnxruntime", batch] = lambda command=command: run_peer(command, texts)
        seconds = {name: [] for name in runs}
        for _ in range(args.rounds):
            for name, run in runs.items():
                taken, vectors = run()
                worst = np.abs(vectors - expected).max()
                if not worst < TOLERANCE.get(name[0], 1e-3):
                    peers.fail(f"{name[0]}'s vectors are {worst:.1e} off")
                seconds[name].append(taken)
        best = {}
        for (name, _), taken in seconds.items():
            best[name] = max(best.get(name, 0), args.texts / np.median(taken))
        fastest = max(best[kind] for kind in TOLERANCE)
        print(f"| {threads} | {best['Quipu']:.1f} | {best['F32']:.1f} | {best['F16']:.1f} | {best['onnxruntime']:.1f} | "
              f"{best['Quipu'] / fastest:.2f} | {best['Quipu'] / best['onnxruntime']:.2f} |", flush=True)


main()
