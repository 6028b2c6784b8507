"""Measures how far a GPU's logits are from unrounded ones, in many formats of weights.

    python bench/gpu/formats.py tokens QUIPU MODEL.gguf TOKENS.txt
    python bench/gpu/formats.py measure QUIPU MODEL.gguf TOKENS.txt [--target sm_90a]
                                 [--formats bf16,q8_0,...] [--json FILE]

`tokens` writes the ids of the text that bench/accuracy.py takes, too. `measure`
stores MODEL's weights in each format, builds the program and compares its logits
of all positions with those that test/golden/llama_numpy.py computes in f32 from the
same file: KL divergence, largest one, positions with the same first token,
perplexity. Then it continues the beginning of the text greedily and says at which
of the tokens the unrounded logits prefer another one, and by how much. With a
--target for the CPU it measures what a GPU's figures are compared with. It needs
QUIPU, numpy and gguf, and for --target sm_90a the card.
"""

import argparse
import ctypes
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "bench"), str(ROOT / "test" / "golden")]
from accuracy import TEXTS, distance, log_probabilities, perplexity
from llama_numpy import Llama
from models import copy_fields, write

FORMATS = ["bf16", "f16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k"]
POSITIONS = 2000
PROMPT, CONTINUATION = 64, 64


# ---------------------------------------------------------------------------
# Formats that PyPI's gguf reads, but does not write
# ---------------------------------------------------------------------------

def halves(numbers):
    return numbers.astype(np.float16).view(np.uint8)


def divided(numbers, by):
    """numbers / by, 0 where `by` is."""
    return np.divide(numbers, by, out=np.zeros_like(numbers), where=by != 0)


def sixes(scales, minima):
    """[blocks, 8] numbers of 6 bits each -> [blocks, 12] bytes."""
    low = scales[:, :4] | (scales[:, 4:] >> 4 << 6)
    middle = minima[:, :4] | (minima[:, 4:] >> 4 << 6)
    return np.hstack([low, middle, (scales[:, 4:] & 15) | ((minima[:, 4:] & 15) << 4)])


def quantize_with_minima(blocks, bits):
    """Q4_K and Q5_K: [blocks, 256] -> bytes, each number the nearest of its group's."""
    groups = blocks.reshape(-1, 8, 32)
    largest = 2**bits - 1
    minima = np.maximum(-groups.min(axis=-1), 0)
    scales = np.maximum(groups.max(axis=-1) + minima, 0) / largest
    d = (scales.max(axis=-1, keepdims=True) / 63).astype(np.float16)
    m = (minima.max(axis=-1, keepdims=True) / 63).astype(np.float16)
    scale_codes = np.clip(np.rint(divided(scales, d.astype(np.float32))), 0, 63)
    minimum_codes = np.clip(np.rint(divided(minima, m.astype(np.float32))), 0, 63)
    scales = (d * scale_codes.astype(np.float32))[..., None]
    offsets = (m * minimum_codes.astype(np.float32))[..., None]
    codes = np.clip(np.rint(divided(groups + offsets, np.broadcast_to(scales, groups.shape))),
                    0, largest).astype(np.uint8)
    pairs = codes.reshape(-1, 4, 2, 32)
    low = (pairs[:, :, 0] & 15) | ((pairs[:, :, 1] & 15) << 4)
    packed = [halves(d), halves(m),
              sixes(scale_codes.astype(np.uint8), minimum_codes.astype(np.uint8))]
    if bits == 5:
        high = codes >> 4  # [blocks, 8, 32]: a bit of each byte for a group
        packed.append((high << np.arange(8, dtype=np.uint8)[:, None]).sum(1, dtype=np.uint8))
    return np.hstack([*packed, low.reshape(-1, 128)])


def quantize_q6_k(blocks):
    """[blocks, 256] -> bytes, each number the nearest of its group's."""
    groups = blocks.reshape(-1, 16, 16)
    scales = np.abs(groups).max(axis=-1) / 31
    d = (scales.max(axis=-1, keepdims=True) / 127).astype(np.float16)
    scale_codes = np.clip(np.rint(divided(scales, d.astype(np.float32))), 0, 127)
    scales = np.broadcast_to((d * scale_codes.astype(np.float32))[..., None], groups.shape)
    codes = (np.clip(np.rint(divided(groups, scales)), -32, 31) + 32).astype(np.uint8)
    quarters = codes.reshape(-1, 2, 4, 32)
    low = np.concatenate([(quarters[:, :, i] & 15) | ((quarters[:, :, i + 2] & 15) << 4)
                          for i in range(2)], axis=-1)
    high = sum((quarters[:, :, i] >> 4) << (2 * i) for i in range(4))
    return np.hstack([low.reshape(-1, 128), high.reshape(-1, 64),
                      scale_codes.astype(np.int8).view(np.uint8), halves(d)])


def quantize(numbers, format):
    """The tensor's bytes, and its type: Q8_0 where rows are no multiple of a block."""
    kind = gguf.GGMLQuantizationType[format.upper()]
    if numbers.shape[-1] % gguf.GGML_QUANT_SIZES[kind][0]:
        kind = gguf.GGMLQuantizationType.Q8_0
    own = {"Q4_K": lambda blocks: quantize_with_minima(blocks, 4),
           "Q5_K": lambda blocks: quantize_with_minima(blocks, 5), "Q6_K": quantize_q6_k}
    if kind.name not in own:
        return gguf.quants.quantize(numbers, kind), kind
    packed = own[kind.name](numbers.reshape(-1, 256)).reshape(len(numbers), -1)
    error = gguf.quants.dequantize(packed, kind) - numbers
    if np.abs(error).max() > 0.1 * np.abs(numbers).max():
        sys.exit(f"{kind.name} is packed wrongly: off by {np.abs(error).max()}")
    return packed, kind


def store(model, format, out):
    """MODEL's weights in `format`, vectors in f32."""
    reader = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(out, reader.fields["general.architecture"].contents())
    copy_fields(reader, writer, {"general.architecture", "general.file_type"})
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if numbers.ndim == 1:
            writer.add_tensor(tensor.name, numbers)
        else:
            packed, kind = quantize(numbers, format)
            writer.add_tensor(tensor.name, packed, raw_dtype=kind)
    write(writer, out, out)


# ---------------------------------------------------------------------------
# What is measured
# ---------------------------------------------------------------------------

def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:200]}\n{done.stderr}")
    return done.stdout


def tokenize(quipu, model, out):
    """By a library of the model, which any machine runs."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "libmodel.so")
        run(quipu, "build", model, "--lib", "--target", "reference", "-o", library)
        api = ctypes.CDLL(str(library))
        handle, count = ctypes.c_void_p(), ctypes.c_size_t()
        text = b"\n".join(path.read_bytes() for path in TEXTS)
        ids = (ctypes.c_int32 * len(text))()
        if api.quipu_create(None, ctypes.byref(handle)) or api.quipu_tokenize(
                handle, text, ctypes.c_size_t(len(text)), 0, ids, ctypes.c_size_t(len(text)),
                ctypes.byref(count)):
            sys.exit("the library cannot tokenize the text")
    out.write_text(" ".join(map(str, ids[:min(count.value, POSITIONS)])) + "\n")


def measure_text(program, reference, tokens):
    """How many of the tokens that continue the text greedily are the reference's
    first choice, and by how much it prefers another one elsewhere."""
    prompt = tokens[:PROMPT]
    text = run(program, "--tokens", " ".join(map(str, prompt)), "-n", CONTINUATION,
               "--ignore-eos")
    continuation = [int(token) for token in text.split()]
    logits = reference.logits(prompt + continuation)[PROMPT - 1:-1]
    p = log_probabilities(logits)
    lost = p.max(axis=-1) - p[np.arange(len(continuation)), continuation]
    return {"continuation": continuation, "same_tokens": int((lost == 0).sum()),
            "largest_loss": float(lost.max())}


def measure(quipu, model, tokens, format, target, folder):
    stored, program = folder / f"{format}.gguf", folder / format
    store(model, format, stored)
    run(quipu, "build", stored, "--target", target, "-o", program)
    reference = Llama(stored, np.float32)
    run(program, "--tokens", " ".join(map(str, tokens)), f"--logits={folder / 'logits.npy'}")
    logits, expected = np.load(folder / "logits.npy"), reference.logits(tokens)
    result = distance(expected, logits)
    del result["kl"]
    result |= {"perplexity": perplexity(logits, tokens),
               **measure_text(program, reference, tokens)}
    program.unlink()
    stored.unlink()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["tokens", "measure"])
    parser.add_argument("quipu")
    parser.add_argument("model", type=Path)
    parser.add_argument("tokens", type=Path)
    parser.add_argument("--target", default="sm_90a")
    parser.add_argument("--formats", default=",".join(FORMATS), help="default: %(default)s")
    parser.add_argument("--positions", type=int, default=POSITIONS)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.command == "tokens":
        tokenize(args.quipu, args.model, args.tokens)
        return
    tokens = [int(token) for token in args.tokens.read_text().split()][:args.positions]
    results = {}
    print("| format | mean KL | largest KL | same top token | perplexity | greedy |\n"
          "|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for format in args.formats.split(","):
            result = results[format] = measure(args.quipu, args.model, tokens, format,
                                               args.target, Path(folder))
            print(f"| {format} | {result['mean_kl']:.3g} | {result['max_kl']:.3g} "
                  f"| {result['top1_agreement']:.1%} | {result['perplexity']:.3f} "
                  f"| {result['same_tokens']} of {len(result['continuation'])}, "
                  f"{result['largest_loss']:.2g} |", flush=True)
            if args.json:
                args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
