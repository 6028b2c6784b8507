"""Measures how far Quipu's and llama.cpp's logits are from unrounded ones.

usage: accuracy.py [--model FILE.gguf] [--program P] [--reference P]
                   [--text FILE] [--positions 512] [--threads 2]
                   [--json OUT.json] [--peers-only]

For each position of a text: the KL divergence of the logits from the reference
logits, and whether both have the same largest one. Exits with code 1 when
Quipu's mean divergence is above llama.cpp's on the same file. See README.md.
"""

import argparse
import hashlib
import json
import subprocess
from pathlib import Path

import gguf
import numpy as np

import peers


def log_probabilities(logits):
    """Natural logarithms of softmax over the last axis, in f64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def distance(reference, logits):
    """How far `logits` are from `reference`, both [positions, vocabulary]."""
    p, q = log_probabilities(reference), log_probabilities(logits)
    divergence = (np.exp(p) * (p - q)).sum(axis=-1)
    return {
        "mean_kl": float(divergence.mean()),
        "max_kl": float(divergence.max()),
        "top1_agreement": float((p.argmax(-1) == q.argmax(-1)).mean()),
    }


def perplexity(logits, tokens):
    """Of tokens 1, 2, ..., each given those before it."""
    p = log_probabilities(logits)[np.arange(len(tokens) - 1), tokens[1:]]
    return float(np.exp(-p.mean()))


def load(path, tokens):
    logits = np.load(path)
    if logits.ndim != 2 or len(logits) != len(tokens):
        peers.fail(f"{path}: shape {logits.shape}, expected [{len(tokens)}, "
                   "vocabulary]")
    if not np.isfinite(logits).all():
        peers.fail(f"{path}: not all logits are finite")
    return logits


def tokenize(model, text):
    """The text's token ids, by llama.cpp."""
    command = [peers.llama_cpp() / "llama-logits", "tokens", model, text]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        peers.fail(f"llama-logits failed to tokenize {text}")
    return [int(token) for token in result.stdout.split()]


def llama_logits(model, tokens, mode, threads, out):
    """llama.cpp's logits; `mode` is default or f32, see llama_logits.cpp."""
    peers.run([peers.llama_cpp() / "llama-logits", mode, model, threads, out,
               *tokens], peers.PEERS / "logits.log")
    return load(out, tokens)


def quipu_logits(program, tokens, threads, out, cache_type="f16"):
    peers.run([program, "--tokens", " ".join(map(str, tokens)), "--logits", out,
               "--threads", threads, "--cache-type", cache_type],
              peers.PEERS / "logits.log")
    return load(out, tokens)


def dequantized(model):
    """A GGUF file with the same metadata and all weights in f32."""
    out = peers.PEERS / (model.stem + ".dequantized-f32.gguf")
    if out.exists() and out.stat().st_mtime > model.stat().st_mtime:
        return out
    peers.say(f"dequantizing {model.name} to f32")
    reader = gguf.GGUFReader(model)
    partial = out.with_suffix(".partial")
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(partial, architecture)
    for name, field in reader.fields.items():
        # The header's own fields and the architecture are written already.
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        if name == "general.file_type":
            writer.add_file_type(gguf.LlamaFileType.ALL_F32)
            continue
        writer.add_key_value(name, field.contents(), field.types[0],
                             field.types[-1] if len(field.types) > 1 else None)
    for tensor in reader.tensors:
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, data.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.rename(out)
    return out


def unrounded_llama_logits(model, tokens, threads):
    """Computed once per model and text, then kept."""
    key = f"{model.resolve()} {model.stat().st_mtime_ns} {tokens}"
    name = hashlib.sha256(key.encode()).hexdigest()[:12]
    out = peers.PEERS / f"logits-f32-{name}.npy"
    if out.exists():
        return load(out, tokens)
    partial = out.with_suffix(".partial")
    llama_logits(dequantized(model), tokens, "f32", threads, partial)
    partial.rename(out)
    return load(out, tokens)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=peers.MODEL)
    parser.add_argument("--program", type=Path, default=peers.PROGRAM)
    parser.add_argument("--reference", type=Path, default=peers.REFERENCE)
    parser.add_argument("--text", type=Path,
                        default=Path(__file__).parent / "text.txt")
    parser.add_argument("--positions", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers-only", action="store_true")
    args = parser.parse_args()

    model = peers.model(args.model)
    tokens = tokenize(model, args.text)
    if len(tokens) < args.positions:
        peers.fail(f"{args.text}: {len(tokens)} tokens, --positions asks for "
                   f"{args.positions}")
    tokens = tokens[:args.positions]

    peers.say(f"evaluating {len(tokens)} positions of {args.text.name}")
    logits = {"llama.cpp": llama_logits(model, tokens, "default", args.threads,
                                        peers.PEERS / "logits-llama.npy")}
    references = {"llama.cpp f32": unrounded_llama_logits(model, tokens,
                                                          args.threads)}
    if not args.peers_only:
        program = peers.quipu_program(args.program, model)
        reference = peers.quipu_program(args.reference, model, "reference")
        logits["Quipu"] = quipu_logits(program, tokens, args.threads,
                                       peers.PEERS / "logits-quipu.npy")
        references["Quipu reference"] = logits["Quipu reference"] = quipu_logits(
            reference, tokens, args.threads,
            peers.PEERS / "logits-quipu-reference.npy", cache_type="f32")

    results = []
    print(f"{model.name}, {len(tokens)} positions of {args.text.name}\n\n"
          "| logits of | against | mean KL | largest KL | same top token | "
          "perplexity |\n|---|---|---|---|---|---|")
    for name, rows in logits.items():
        for reference_name, reference in references.items():
            if name == reference_name:
                continue
            result = {"logits": name, "against": reference_name,
                      **distance(reference, rows),
                      "perplexity": perplexity(rows, tokens)}
            results.append(result)
            print(f"| {name} | {reference_name} | {result['mean_kl']:.3g} | "
                  f"{result['max_kl']:.3g} | {result['top1_agreement']:.1%} | "
                  f"{result['perplexity']:.3f} |")
    if args.json:
        args.json.write_text(json.dumps(
            {"model": model.name, "tokens": tokens, "results": results},
            indent=1))

    mean = {(result["logits"], result["against"]): result["mean_kl"]
            for result in results}
    for reference in references:
        if mean.get(("Quipu", reference), 0) > mean["llama.cpp", reference]:
            peers.fail(f"against {reference}, Quipu's mean KL divergence is "
                       "above llama.cpp's")


if __name__ == "__main__":
    main()
