"""Compares 'quipu build --quantize' with llama-quantize, by the same names.

Both quantize the same unrounded weights; Quipu compiles llama-quantize's file and
the source. Reported is how far the logits of the two programs are from those
that llama.cpp computes in f32 from the unrounded weights, as in accuracy.py.
Exits with code 1 when a mean KL divergence is above llama-quantize's by more
than chance. See README.md.
"""

import argparse
from pathlib import Path

import accuracy
import models
import peers

NAMES = ["q2_k", "q3_k_m", "q4_0", "q4_k_m", "q5_k_m", "q6_k", "q8_0"]


def llama_file(source, name):
    """What llama-quantize makes of the weights."""
    out = models.MODELS / f"{source.stem}.{name}.gguf"
    if not out.exists():
        peers.say(f"quantizing {out.name}")
        partial = out.with_suffix(".partial")
        peers.run([peers.llama_cpp() / "llama-quantize", source, partial,
                   name.upper(), 2], peers.PEERS / "quantize.log")
        partial.rename(out)
    return out


def measure(model, options, reference, tokens, threads):
    """The distance of a program's logits, and how large the program is."""
    program, out = peers.PROGRAMS / "quantized", peers.PEERS / "logits-quipu.npy"
    peers.PROGRAMS.mkdir(parents=True, exist_ok=True)
    peers.output_of([peers.QUIPU, "build", model, *options, "-o", program])
    result = accuracy.distance(
        reference, accuracy.quipu_logits(program, tokens, threads, out))
    result["megabytes"] = program.stat().st_size / 1e6
    out.unlink()
    program.unlink()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=peers.MODEL,
                        help="whose dequantized weights are the source "
                        "(default: the shipped SmolLM2-135M)")
    parser.add_argument("--names", default=",".join(NAMES), metavar="NAME,...",
                        help="of '--quantize' (default: %(default)s)")
    parser.add_argument("--positions", type=int, default=2000,
                        help="(default: 2000)")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    model, worse = peers.model(args.model), []
    source = models.dequantized(model)
    tokens = accuracy.tokenize(model, accuracy.TEXTS)[:args.positions]
    reference = accuracy.unrounded_llama_logits(model, tokens, args.threads)
    print("| name | whose | mean KL | largest KL | same top token | MB |\n"
          "|---|---|---|---|---|---|", flush=True)
    for name in args.names.split(","):
        rows = {"llama-quantize": (llama_file(source, name), []),
                "--quantize": (source, ["--quantize", name])}
        found = {}
        for whose, (file, options) in rows.items():
            found[whose] = result = measure(file, options, reference,
                                            tokens, args.threads)
            print(f"| {name} | {whose} | {result['mean_kl']:.4g} | "
                  f"{result['max_kl']:.3g} | {result['top1_agreement']:.1%} | "
                  f"{result['megabytes']:.1f} |", flush=True)
        more, error = accuracy.excess(found["--quantize"],
                                      found["llama-quantize"])
        print(f"| {name} | difference | {more:+.2g} ± {error:.2g} | | | |",
              flush=True)
        if more > 2 * error:
            worse.append(name)
    if worse:
        peers.fail("the mean KL divergence is above llama-quantize's: " +
                   ", ".join(worse))


if __name__ == "__main__":
    main()
