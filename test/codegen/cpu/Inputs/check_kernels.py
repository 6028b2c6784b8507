"""Builds small random models for the CPU and for the reference, and compares.

usage: check_kernels.py QUIPU SPEC FOLDER [--target TARGET] [--emulator COMMAND]
                        CASE...

A case is models/llama.mlir with a few edits, and a GGUF file to go with it. The
reference gets the program's own fused kernels, so that both quantise the same
activations: what differs is the order of sums, and with it now and then a number
on the border between two integers, or two numbers in bf16, which the following positions feel. Then the
program's bits must not depend on the threads, nor on how the prompt is cut. For
another target than the native one it is a short prompt, and one cache.
"""

import argparse
import os
import re
import subprocess
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(__file__), *3 * [os.pardir], "Inputs"))
from random_llama import SIZES, write_llama

DEFAULTS = dict(edits={}, lengths=(5, 150))
NORM_Q = """%qn = quipu.rms_norm %q, "attn_q_norm" eps @eps
    %kn = quipu.rms_norm %k, "attn_k_norm" eps @eps
    %qr   = quipu.rope %qn by"""
ATTENTION = "quipu.attention %qr over %kv at %at"
WINDOW = " window @window"
MID = "%mid  = quipu.add %h, %o"
OUT = "%out  = quipu.add %mid, %down"


# Of Llamas it is known that neighbours are pairs.
ANY = {'for ["llama"': 'for ["any"'}


def attention(more):
    return {ATTENTION + WINDOW: f"{ATTENTION} {more}"}


LAYER_NORMS = {
    'quipu.rms_norm %h, "attn_norm"': 'quipu.layer_norm %h, "attn_norm" bias "attn_norm_b"',
    'quipu.rms_norm %mid, "ffn_norm"': 'quipu.layer_norm %mid, "ffn_norm" bias "ffn_norm_b"',
    'quipu.rms_norm %last, "output_norm"': 'quipu.layer_norm %last, "output_norm"',
}
CASES = {
    # Formats of weights, and shapes of heads. Block formats need a multiple of 32
    # columns, the others take 72 as well.
    "f32": dict(heads=3, kv_heads=3),
    "f16": dict(format="F16", hidden=72, ffn=37, heads=7, kv_heads=1),
    "bf16": dict(format="BF16", hidden=72, ffn=101, heads=5, kv_heads=1, head_dim=16),
    # Soon a number rounds otherwise: the prompts are short.
    "bf16-pairs": dict(format="BF16", hidden=72, ffn=102, heads=5, kv_heads=1, head_dim=16,
                       lengths=(5, 16)),
    "q8_0": dict(format="Q8_0", heads=8, kv_heads=1),
    "q4_0": dict(format="Q4_0", heads=2, kv_heads=2, head_dim=128),
    "q4_1": dict(format="Q4_1", hidden=96, ffn=160, heads=6, head_dim=48),
    "q5_0": dict(format="Q5_0", hidden=96, ffn=160, heads=6, head_dim=48),
    "q5_1": dict(format="Q5_1"),
    "iq4_nl": dict(format="IQ4_NL"),
    "mxfp4": dict(format="MXFP4", hidden=96),
    **{name: dict(format=name.upper(), hidden=256, heads=8, ffn=512, lengths=(5, 40))
       for name in ["q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_xs"]},
    # Attention.
    "window": dict(edits=attention("window 20"), lengths=(5, 300)),
    "splits": dict(format="Q4_1", heads=6, lengths=(257, 300)),
    "scores": dict(edits=attention("scale 0.3 soft_cap 3.0")),
    # What is cached is beyond f16, and what q8_0 holds of it is not.
    "large": dict(edits={
        "%kv   = quipu.cache_write %kr, %v": """%kl = quipu.scale %kr by 2.0e5
    %vl = quipu.scale %v by 2.0e5
    %kv   = quipu.cache_write %kl, %vl""",
        **attention("scale 1.0e-6"),
        "%o    = quipu.linear %a,": """%as = quipu.scale %a by 5.0e-6
    %o = quipu.linear %as,"""}),
    "sinks": dict(extra={"sinks": (4,)}, edits=attention('sinks "sinks"'), lengths=(5, 300)),
    "partial-rope": dict(format="Q4_1", rope_dims=16),
    "partial-halves": dict(family="any", rope_dims=12, edits=ANY | {"pairs adjacent": "pairs halves"}),
    "head-norms": dict(
        format="Q8_0", extra={"attn_q_norm": (32,), "attn_k_norm": (32,)},
        edits={"%qr   = quipu.rope %q by": NORM_Q, "rope %k by": "rope %kn by"}),
    "head-norms-48": dict(
        family="any", head_dim=48, extra={"attn_q_norm": (48,), "attn_k_norm": (48,)},
        edits=ANY | {"%qr   = quipu.rope %q by": NORM_Q, "rope %k by": "rope %kn by",
               "pairs adjacent": "pairs halves"}),
    # Norms of what their weight has: of the row around its mean, of each head by its
    # own weights, of all heads of a token.
    "layer-norms": dict(extra={"attn_norm_b": (64,), "ffn_norm_b": (64,)}, edits=LAYER_NORMS | {
        OUT: """%bare = quipu.layer_norm %down eps @eps
    %plain = quipu.rms_norm %bare eps @eps
    %out = quipu.add %mid, %plain"""}),
    # Rows that a GPU's warp takes by itself.
    "norms-of-long-rows": dict(
        hidden=256, heads=8, kv_heads=4, extra={"attn_norm_b": (256,), "ffn_norm_b": (256,)},
        edits=LAYER_NORMS | {OUT: """%bare = quipu.rms_norm %down eps @eps
    %share = quipu.softmax %bare
    %out = quipu.add %mid, %share"""}),
    "norms-of-each-head": dict(
        extra={"attn_q_norm": (4, 32), "attn_k_norm": (2, 32)},
        edits={"%qr   = quipu.rope %q by": NORM_Q.replace("rms_norm", "layer_norm"),
               "rope %k by": "rope %kn by"}),
    "norms-of-tokens": dict(
        extra={"attn_q_norm": (128,), "attn_k_norm": (64,)},
        edits={"%qr   = quipu.rope %q by": NORM_Q, "rope %k by": "rope %kn by"}),
    "rotated-row": dict(extra={"row_norm": (128,)}, edits={
        "%qr   = quipu.rope %q by %angles pairs adjacent":
            """%qt = quipu.rope %q by %angles pairs adjacent
    %qr = quipu.layer_norm %qt, "row_norm" eps @eps"""}),
    "probabilities": dict(edits={
        "%qr   = quipu.rope %q by": """%qs = quipu.softmax %q
    %qr = quipu.rope %qs by""",
        OUT: """%p = quipu.softmax %down
    %out = quipu.add %mid, %p"""}),
    "joined-heads": dict(
        heads=2, head_dim=48, rope_dims=16, extra={"k_flat": (64, 64), "k_one": (16, 64)},
        edits={"rope %q by %angles pairs adjacent": "rope %q by %angles pairs adjacent from 32",
               "%kr   = quipu.rope %k by %angles pairs adjacent":
                   """%kf = quipu.linear %n, "k_flat" -> [2, 32]
    %ko = quipu.linear %n, "k_one" -> [1, 16]
    %kt = quipu.rope %ko by %angles pairs adjacent
    %kj = quipu.concat %kf, %kt
    %kr = quipu.add %k, %kj"""}),
    "small-values": dict(
        heads=2, head_dim=48, extra={"v_small": (32, 64), "o_small": (64, 32)},
        edits={"%kv   = quipu.cache_write %kr, %v": """%vs = quipu.linear %n, "v_small" -> [2, 16]
    %kk = quipu.add %kr, %v
    %kv   = quipu.cache_write %kk, %vs""",
               '%o    = quipu.linear %a, "attn_output" bias optional "attn_output.bias" -> [@hidden]':
                   """%oa = quipu.linear %a, "o_small" -> [@hidden]
    %ob = quipu.linear %qr, "attn_output" -> [@hidden]
    %o = quipu.add %oa, %ob"""}),
    # Slower in a prompt of more than 12 tokens, in each of its chunks.
    "dynamic": dict(edits={
        "scaling <type = @scaling, factor = @factor, original_context = @original,":
            'scaling <type = "dynamic", factor = 2.0, original_context = 12,'}),
    "turned-from": dict(rope_dims=12, edits={
        "rope %q by %angles pairs adjacent": "rope %q by %angles pairs adjacent from 5",
        "rope %k by %angles pairs adjacent": "rope %k by %angles pairs adjacent from 5"}),
    # Heads of no whole number of tiles.
    "heads-24": dict(
        head_dim=24, extra={"attn_q_norm": (24,), "attn_k_norm": (24,), "sinks": (4,)},
        edits={"%qr   = quipu.rope %q by": NORM_Q, "rope %k by": "rope %kn by",
               **attention('window 30 sinks "sinks"')}),
    "heads-6": dict(format="F16", heads=5, kv_heads=1, head_dim=6, rope_dims=4,
                    biases=("attn_q", "attn_v")),
    "heads-100": dict(format="Q4_1", heads=8, kv_heads=8, head_dim=100, lengths=(5, 140)),
    # What families have that differ from Llama's layer.
    "qwen3": dict(
        family="any", format="Q8_0", extra={"attn_q_norm": (32,), "attn_k_norm": (32,)},
        edits=ANY | {"%qr   = quipu.rope %q by": NORM_Q, "rope %k by": "rope %kn by",
               "pairs adjacent": "pairs halves"}),
    "glm4": dict(
        format="Q8_0", extra={"post_attention_norm": (64,), "post_ffw_norm": (64,)},
        edits={MID: """%on = quipu.rms_norm %o, "post_attention_norm" eps @eps
    %mid = quipu.add %h, %on""",
               OUT: """%dn = quipu.rms_norm %down, "post_ffw_norm" eps @eps
    %out = quipu.add %mid, %dn"""}),
    # Heads that several results need.
    "raw-and-rotated": dict(edits={"%o    = quipu.linear %a,": """
    %raw = quipu.attention %q over %kv at %at
    %both = quipu.add %a, %raw
    %o = quipu.linear %both,"""}),
    "rotated-twice": dict(family="any", edits=ANY | {"%o    = quipu.linear %a,": """
    %other = quipu.rope %q by %angles pairs halves
    %raw = quipu.attention %other over %kv at %at
    %both = quipu.add %a, %raw
    %o = quipu.linear %both,"""}),
    "sum-of-heads": dict(kv_heads=4, edits={"%a    = quipu.attention %qr": """
    %near = quipu.scale %kr by 0.5
    %sum = quipu.add %qr, %near
    %more = quipu.add %sum, %v
    %a    = quipu.attention %more"""}),
    # What layers must not overwrite yet.
    "parallel": dict(format="Q4_1", edits={
        "rms_norm %mid": "rms_norm %h", MID: "",
        OUT: """%sum = quipu.add %o, %down
    %out = quipu.add %h, %sum"""}),
    "input-again": dict(edits={OUT: """%both = quipu.rms_norm %h, "ffn_norm" eps @eps
    %rest = quipu.add %mid, %down
    %out = quipu.add %rest, %both"""}),
    "begin-again": dict(edits={'rms_norm %last, "output_norm"': 'rms_norm %again, "output_norm"',
                               "%norm   =": """%again = quipu.add %last, %x
  %norm   ="""}),
    "begin-in-layers": dict(edits={OUT: """%rest = quipu.add %mid, %down
    %out = quipu.add %rest, %x"""}),
    # What follows linear layers.
    "biases": dict(biases=("attn_q", "attn_k", "attn_v", "attn_output")),
    "biases-q4_1": dict(format="Q4_1", biases=("attn_q", "attn_k", "attn_v", "attn_output")),
    "products": dict(format="Q4_1", edits={
        "%act  = quipu.swiglu %gate, %up": """%soft = quipu.activate gelu_tanh %gate
    %gated = quipu.mul %soft, %up
    %act = quipu.scale %gated by 0.7""",
        "%out  = quipu.add %mid, %down": """%less = quipu.scale %down by 0.5
    %out = quipu.add %mid, %less"""}),
    "activations": dict(edits={"%act  = quipu.swiglu %gate, %up": """
    %f1 = quipu.activate silu %gate
    %f2 = quipu.activate gelu %up
    %f3 = quipu.activate relu %gate
    %f4 = quipu.activate sigmoid %up
    %f5 = quipu.activate tanh %gate
    %f12 = quipu.add %f1, %f2
    %f34 = quipu.add %f3, %f4
    %f1234 = quipu.add %f12, %f34
    %act = quipu.add %f1234, %f5"""}),
    "clamps": dict(edits={"%act  = quipu.swiglu %gate, %up": """
    %lg = quipu.clamp %gate to 0.3
    %lu = quipu.clamp %up from -0.2 to 0.25
    %ld = quipu.clamp %lu from -0.15
    %act = quipu.swiglu %lg, %ld"""}),
    # Sixteen rows of what down multiplies find no room beside sums before Hopper.
    "wide-rows": dict(format="Q8_0", ffn=2880, layers=1),
    # Of models/mixtral.mlir: few experts with more columns than a block has warps for at
    # a time, many of which several tokens choose the same, and padded columns.
    "experts": dict(experts=3, format="BF16", hidden=320, ffn=2080, layers=1),
    "many-experts": dict(experts=40, format="Q4_1", layers=1),
    # Most scores are one of two.
    "tied-experts": dict(experts=40, format="Q8_0", layers=1, edits={
        "%p    = quipu.softmax %l": """%two  = quipu.clamp %l from -0.01 to 0.01
    %p    = quipu.softmax %two""",
        "count @chosen": "count @chosen groups 8 keep 3"}),
    "experts-mxfp4": dict(experts=4, chosen=3, format="MXFP4", hidden=96, ffn=160),
    "experts-q4_k": dict(experts=4, format="Q4_K", hidden=256, heads=8, ffn=768, layers=1),
    "experts-f16": dict(experts=4, format="F16", hidden=72, ffn=102),
    "two-results": dict(edits={OUT: """%hot = quipu.activate silu %down
    %cold = quipu.rms_norm %down, "ffn_norm" eps @eps
    %warm = quipu.add %hot, %cold
    %out = quipu.add %mid, %warm"""}),
}


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def leave_target_out(path):
    """The module is no longer for one target: it can be built for another."""
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(re.sub(r"^module attributes .*", "module {", text))


def check(name, quipu, spec, folder, target, emulator):
    case = type("Case", (), SIZES | DEFAULTS | CASES[name])
    rng = np.random.default_rng(7)
    for before, after in case.edits.items():
        if before not in spec:
            sys.exit(f"{name}: the spec has no '{before}'")
        spec = spec.replace(before, after)

    def at(suffix):
        return os.path.join(folder, name + suffix)

    with open(at(".mlir"), "w") as file:
        file.write(spec)
    sizes = {key: value for key, value in CASES[name].items() if key not in DEFAULTS}
    write_llama(at(".gguf"), rng, **sizes)
    build = [quipu, "build", at(".gguf"), "--spec", at(".mlir")]
    run(*build, "--target", target, "-o", at(""))
    run(*build, "--target", target, "--emit", "fused", "-o", at(".fused.mlir"))
    leave_target_out(at(".fused.mlir"))
    run(*build, "--from", f"fused:{at('.fused.mlir')}", "--target", "reference",
        "-o", at(".reference"))

    def logits(program, ids, *options):
        command = emulator.split() if program == at("") else []
        run(*command, program, "--tokens", " ".join(map(str, ids)), "--logits", at(".npy"), *options)
        return np.load(at(".npy"))

    lengths, caches = case.lengths, ["f32", "f16"] + ([] if case.head_dim % 32 else ["q8_0"])
    cuts = [["-t", 2], ["-t", 3, "--chunk", 7], ["-t", 2, "--chunk", 1]]
    if target != "native":
        lengths, caches, cuts = [20], ["f32"], cuts[1:2]
    broken, errors, rounding = [], [], [0]
    for length in lengths:
        ids = rng.integers(0, case.words, length)
        selected = logits(at(".reference"), ids, "--cache-type", "f32")
        got = logits(at(""), ids, "--cache-type", "f32")
        errors.extend(np.abs(got - selected).max(axis=1) / np.abs(selected).max())
        for cache in caches[1:]:
            # What is rounded for the cache may be on a border; with q8_0 the
            # kernel rounds queries to 8 bits, too.
            selected = logits(at(".reference"), ids, "--cache-type", cache)
            got = logits(at(""), ids, "--cache-type", cache)
            rounding.extend(np.abs(got - selected).max(axis=1) / np.abs(selected).max())
        for cache in caches:
            first = logits(at(""), ids, "--cache-type", cache, "-t", 1)
            for options in cuts:
                other = logits(at(""), ids, "--cache-type", cache, *options)
                if other.tobytes() != first.tobytes():
                    options = " ".join(map(str, options))
                    broken.append(f"{length} tokens, {cache}, {options}: other bits, "
                                  f"{np.abs(other - first).max():.1e} apart")
    usual, worst = np.quantile(errors, [0.25, 1])
    with open(at(".fused.mlir")) as file:
        rounds = "quipu.quantize" in file.read()
    if not (usual < 1e-5 and worst < (5e-2 if rounds else 1e-4)):
        broken.append("other logits than the reference's")
    if np.median(rounding) > 2e-2 or max(rounding) > 0.1:
        broken.append("other logits than the reference's with a smaller cache")
    print(f"{name}: {'; '.join(broken) or 'good'} ({usual:.0e}, {worst:.0e}; "
          f"smaller cache {np.median(rounding):.0e}, {max(rounding):.0e})", flush=True)
    return not broken


def main():
    parser = argparse.ArgumentParser()
    for name in ["quipu", "spec", "folder"]:
        parser.add_argument(name)
    parser.add_argument("--target", default="native")
    parser.add_argument("--emulator", default="")
    parser.add_argument("cases", nargs="*", default=CASES)
    args = parser.parse_intermixed_args()
    with open(args.spec) as file:
        spec = file.read()
    os.makedirs(args.folder, exist_ok=True)
    results = [check(name, args.quipu, spec, args.folder, args.target, args.emulator)
               for name in args.cases]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
