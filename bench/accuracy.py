"""Measures how far Quipu's and llama.cpp's logits are from unrounded ones.

For each position of a text: the KL divergence of the logits from those that
llama.cpp computes in f32 from the dequantized weights, and whether both have
the same largest one. Exits with code 1 when Quipu's mean divergence is above
llama.cpp's for some model by more than chance. See README.md.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np

import models
import peers

FOLDER = Path(__file__).parent
TEXTS = [FOLDER / "text.txt", FOLDER.parent / "LICENSE.txt"]
# Positions at once in f64.
BLOCK = 64


def log_probabilities(logits):
    """Natural logarithms of softmax over the last axis, in f64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def distance(reference, logits):
    """How far `logits` are from `reference`, both [positions, vocabulary]."""
    divergences, same = [], 0
    for start in range(0, len(logits), BLOCK):
        p = log_probabilities(reference[start:start + BLOCK])
        q = log_probabilities(logits[start:start + BLOCK])
        divergences += list((np.exp(p) * (p - q)).sum(axis=-1))
        same += int((p.argmax(-1) == q.argmax(-1)).sum())
    return {"mean_kl": float(np.mean(divergences)),
            "max_kl": float(np.max(divergences)),
            "top1_agreement": same / len(logits), "kl": divergences}


def excess(quipu, llama):
    """The difference of the mean divergences, and its standard error over the
    positions: both programs round at the same ones."""
    differences = np.subtract(quipu["kl"], llama["kl"])
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return float(differences.mean()), float(error)


def perplexity(logits, tokens):
    """Of tokens 1, 2, ..., each given those before it."""
    total = 0.0
    for start in range(0, len(tokens) - 1, BLOCK):
        following = tokens[start + 1:start + 1 + BLOCK]
        p = log_probabilities(logits[start:start + len(following)])
        total -= p[np.arange(len(following)), following].sum()
    return float(np.exp(total / (len(tokens) - 1)))


def load(path, tokens):
    logits = np.load(path, mmap_mode="r")
    if logits.ndim != 2 or len(logits) != len(tokens):
        peers.fail(f"{path}: shape {logits.shape}, expected [{len(tokens)}, "
                   "vocabulary]")
    if not np.isfinite(logits).all():
        peers.fail(f"{path}: not all logits are finite")
    return logits


def tokenize(model, texts):
    """The token ids of the texts, one after the other, by llama.cpp."""
    together = peers.PEERS / "text.txt"
    together.write_bytes(b"\n".join(text.read_bytes() for text in texts))
    command = [peers.llama_cpp() / "llama-logits", "tokens", model, together]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        peers.fail(f"llama-logits failed to tokenize {together}")
    return [int(token) for token in result.stdout.split()]


def llama_logits(model, tokens, mode, threads, out):
    """llama.cpp's logits; `mode` is default or f32, see llama_logits.cpp."""
    peers.run([peers.llama_cpp() / "llama-logits", mode, model, threads, out,
               *tokens], peers.PEERS / "logits.log")
    return load(out, tokens)


def quipu_logits(program, tokens, threads, out, cache_type="f16"):
    peers.output_of([program, "--tokens", " ".join(map(str, tokens)),
                     "--logits", out, "--threads", threads,
                     "--cache-type", cache_type])
    return load(out, tokens)


def unrounded_llama_logits(model, tokens, threads):
    """Computed once per model and text, then kept."""
    key = f"{model.resolve()} {model.stat().st_mtime_ns} {tokens}"
    name = hashlib.sha256(key.encode()).hexdigest()[:12]
    out = peers.PEERS / f"logits-f32-{name}.npy"
    if out.exists():
        return load(out, tokens)
    partial = out.with_suffix(".partial")
    llama_logits(models.dequantized(model), tokens, "f32", threads, partial)
    partial.rename(out)
    return load(out, tokens)


def measure(model, tokens, args):
    """[(whose logits, distance) ...] for a model; a sentence instead of a
    distance when the program cannot run it."""
    reference = unrounded_llama_logits(model, tokens, args.threads)
    results = []

    def add(name, make):
        out = peers.PEERS / f"logits-{name.split()[0].lower()}.npy"
        peers.say(f"{model.name}: {len(tokens)} positions, {name}")
        try:
            logits = make(out)
        except peers.Unable as refusal:
            results.append((name, str(refusal)))
            return
        results.append((name, {**distance(reference, logits),
                               "perplexity": perplexity(logits, tokens)}))
        out.unlink()

    add("llama.cpp", lambda out: llama_logits(model, tokens, "default",
                                              args.threads, out))
    add("Quipu", lambda out: quipu_logits(peers.quipu_program(model), tokens,
                                          args.threads, out))
    if args.reference:
        add("Quipu --target=reference", lambda out: quipu_logits(
            peers.quipu_program(model, "reference"), tokens, args.threads, out,
            cache_type="f32"))
    return results


def print_rows(model, results):
    for name, result in results:
        cells = [result, "", "", ""] if isinstance(result, str) else [
            f"{result['mean_kl']:.3g}", f"{result['max_kl']:.3g}",
            f"{result['top1_agreement']:.1%}", f"{result['perplexity']:.3f}"]
        print(f"| {model.stem} | {name} | {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--models", default=",".join(models.REAL_MODELS), metavar="NAME,...",
        help=f"of {', '.join(models.NAMES)}, or GGUF files (default: "
        "SmolLM2-135M in all formats, and Gemma 3)")
    parser.add_argument("--text", type=Path, nargs="+", default=TEXTS,
                        help="(default: bench/text.txt LICENSE.txt)")
    parser.add_argument("--positions", type=int, default=2000,
                        help="(default: 2000)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reference", action="store_true",
                        help="measure the program of --target=reference, too")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()

    everything, worse = {}, []
    print("| model | logits of | mean KL | largest KL | same top token | "
          "perplexity |\n|---|---|---|---|---|---|", flush=True)
    for name in args.models.split(","):
        model = models.make(name)
        tokens = tokenize(model, args.text)[:args.positions]
        if len(tokens) < args.positions:
            peers.fail(f"the text has {len(tokens)} tokens, --positions asks "
                       f"for {args.positions}")
        everything[name] = results = measure(model, tokens, args)
        print_rows(model, results)
        found = dict(results)
        if not isinstance(found["Quipu"], str):
            more, error = excess(found["Quipu"], found["llama.cpp"])
            print(f"| {model.stem} | Quipu − llama.cpp | {more:+.2g} ± "
                  f"{error:.2g} | | | |", flush=True)
            if more > 2 * error:
                worse.append(name)
    if args.json:
        args.json.write_text(json.dumps(everything, indent=1))
    if worse:
        peers.fail("Quipu's mean KL divergence is above llama.cpp's: " +
                   ", ".join(worse))


if __name__ == "__main__":
    main()
