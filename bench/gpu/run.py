"""Measures programs for a GPU beside PyTorch, on the same card in the same run.

    python bench/gpu/run.py [--programs FOLDER] [--json FILE] [PART...]

Parts, all of them by default:

  ceiling   what the card reads at most, and its bf16 matrix products
  quipu     the programs in FOLDER: llama-3.2-1b-bf16 and the like
  compile   transformers' LlamaForCausalLM of the same sizes under torch.compile:
            decoding in mode reduce-overhead with a static cache, prefill in the
            default mode, random bf16 weights, sdpa
  matmul    torch's own products of all of a step's matrices, in a CUDA graph

--sizes, --formats and --works choose among the measurements. With --json,
what FILE holds already is kept, so that several calls on one card fill one
table. PyTorch and transformers are needed by all parts but quipu, which needs
nothing. See README.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import traceback
from pathlib import Path

SIZES = {
    "1b": dict(name="llama-3.2-1b", hidden=2048, ffn=8192, layers=16, heads=32, kv_heads=8,
               head=64, tied=True, factor=32.0),
    "8b": dict(name="llama-3.1-8b", hidden=4096, ffn=14336, layers=32, heads=32, kv_heads=8,
               head=128, tied=False, factor=8.0),
}
VOCABULARY = 128256
FORMATS = ["bf16", "q4_0"]
# Name: tokens that come before, tokens of a step, sequences.
WORKS = {
    "decode-480": (480, 1, 1),
    "decode-480-batch-16": (480, 1, 16),
    "decode-8000": (8000, 1, 1),
    "decode-8000-batch-16": (8000, 1, 16),
    "prefill-2048": (0, 2048, 1),
}
PARTS = ["ceiling", "quipu", "compile", "matmul"]
DECODED = 48  # tokens that one measurement of decoding takes
REPETITIONS = 7


def matrices(size):
    """(outputs, inputs, how often) of what a token is multiplied with."""
    hidden, ffn, layers = size["hidden"], size["ffn"], size["layers"]
    queries, keys = size["heads"] * size["head"], size["kv_heads"] * size["head"]
    return [(queries + 2 * keys, hidden, layers), (hidden, queries, layers),
            (2 * ffn, hidden, layers), (hidden, ffn, layers), (VOCABULARY, hidden, 1)]


# ---------------------------------------------------------------------------
# PyTorch
# ---------------------------------------------------------------------------

def timed(run, before=lambda: None):
    """Median microseconds of `run` on the GPU, after two to warm up."""
    import torch
    times = []
    for i in range(REPETITIONS + 2):
        before()
        torch.cuda.synchronize()
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        run()
        end.record()
        end.synchronize()
        if i >= 2:
            times.append(begin.elapsed_time(end) * 1e3)
    return statistics.median(times)


def in_graph(run):
    """A replay of what `run` launches."""
    import torch
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def measure_ceiling():
    import torch
    buffer = torch.randn(1 << 30, device="cuda")
    copy = torch.empty_like(buffer)
    nbytes = buffer.numel() * buffer.element_size()
    read = nbytes / timed(in_graph(lambda: torch.sum(buffer)))
    copied = 2 * nbytes / timed(in_graph(lambda: copy.copy_(buffer)))
    del buffer, copy
    n = 8192
    a, b = (torch.randn(n, n, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    product = timed(in_graph(lambda: torch.matmul(a, b)))
    return {"card": torch.cuda.get_device_name(),
            "torch_sum_gb_per_s": read / 1e3, "torch_copy_gb_per_s": copied / 1e3,
            "torch_matmul_tflop_per_s": 2 * n**3 / product / 1e6}


def measure_matmul(size, work):
    """Microseconds of all products of a step, each with weights that are not in
    the cache; of a prefill one row meets the last matrix."""
    import torch
    _, tokens, batch = WORKS[work]
    total = 0
    for n, k, count in matrices(size):
        rows = batch if n == VOCABULARY else tokens * batch
        copies = max(2, min(count, (256 << 20) // (2 * n * k) + 1))
        weights = [torch.randn(n, k, device="cuda", dtype=torch.bfloat16)
                   for _ in range(copies)]
        x = torch.randn(rows, k, device="cuda", dtype=torch.bfloat16)
        y = torch.empty(rows, n, device="cuda", dtype=torch.bfloat16)

        def run():
            for weight in weights:
                torch.mm(x, weight.t(), out=y)
        total += timed(in_graph(run)) / copies * count
    return total


def make_model(size):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=size["hidden"], intermediate_size=size["ffn"],
        num_hidden_layers=size["layers"], num_attention_heads=size["heads"],
        num_key_value_heads=size["kv_heads"], head_dim=size["head"],
        max_position_embeddings=131072, rms_norm_eps=1e-5, tie_word_embeddings=size["tied"],
        rope_parameters=dict(rope_type="llama3", rope_theta=500000.0, factor=size["factor"],
                             low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=8192))
    config._attn_implementation = "sdpa"
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = LlamaForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    return model


def compiled_decode(model, depth, batch):
    """Microseconds of a step that takes a token of each sequence and chooses the
    next one."""
    import torch
    from transformers import StaticCache
    limit = -(-(depth + DECODED) // 64) * 64
    cache = StaticCache(config=model.config, max_cache_len=limit)
    token = torch.randint(0, VOCABULARY, (batch, 1), device="cuda")
    model(token, past_key_values=cache, use_cache=True)  # allocates

    def rewind():
        for layer in cache.layers:
            layer.cumulative_length.fill_(depth)

    for layer in cache.layers:
        layer.keys.normal_()
        layer.values.normal_()
    step = torch.compile(
        lambda ids: model(ids, past_key_values=cache,
                          use_cache=True).logits[:, -1].argmax(-1, keepdim=True),
        mode="reduce-overhead")

    def run():
        ids = token
        for _ in range(DECODED):
            torch.compiler.cudagraph_mark_step_begin()
            ids = step(ids).clone()
    return timed(run, rewind) / DECODED


def compiled_prefill(model, tokens):
    """Microseconds until the logits of the last token are there: of a static
    cache and none the faster way."""
    import torch
    from transformers import StaticCache
    ids = torch.randint(0, VOCABULARY, (1, tokens), device="cuda")
    times = {}
    for way in ("static cache", "no cache"):
        torch._dynamo.reset()
        options = dict(use_cache=False)
        rewind = lambda: None
        if way == "static cache":
            cache = StaticCache(config=model.config, max_cache_len=tokens)
            model(ids[:, :1], past_key_values=cache, use_cache=True)
            options = dict(use_cache=True, past_key_values=cache)

            def rewind():
                for layer in cache.layers:
                    layer.cumulative_length.fill_(0)
        step = torch.compile(lambda ids: model(ids, logits_to_keep=1, **options).logits)
        try:
            times[way] = timed(lambda: step(ids), rewind)
        except Exception:
            traceback.print_exc()
    print("   ", ", ".join(f"{way} {time:.0f} us" for way, time in times.items()), flush=True)
    return min(times.values())


def measure_compile(model, work):
    import torch
    depth, tokens, batch = WORKS[work]
    torch._dynamo.reset()
    with torch.no_grad():
        if tokens > 1:
            return compiled_prefill(model, tokens)
        return compiled_decode(model, depth, batch)


# ---------------------------------------------------------------------------
# Quipu
# ---------------------------------------------------------------------------

def measure_quipu(program, work, device):
    depth, tokens, batch = WORKS[work]
    context = depth + DECODED if tokens == 1 else tokens
    sizes = dict(prefill=tokens if tokens > 1 else 1, decode=DECODED if tokens == 1 else 1,
                 depth=depth, batch=batch, context=context + 128, device=device)
    command = [program, "--bench", "--json"]
    for name, value in sizes.items():
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"exit status {done.returncode}")
    result = json.loads(done.stdout)
    rate = result["decode_tokens_per_second" if tokens == 1 else "prefill_tokens_per_second"]
    return {"us": (tokens if tokens > 1 else batch) / rate * 1e6,
            "bytes": result["weight_bytes_per_token"],
            "gb_per_s": result["bandwidth_bytes_per_second"] / 1e9,
            "kernels": result["kernels"]}


# ---------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------

def table(results):
    ceiling = results.get("ceiling", {})
    read = max([ceiling.get("torch_sum_gb_per_s", 0)] +
               [entry["gb_per_s"] for name, entry in results.items() if name.startswith("quipu ")])
    peak = ceiling.get("torch_matmul_tflop_per_s", 0)
    print(f"\n{ceiling.get('card', 'GPU')}: reads {read:.0f} GB/s, bf16 products {peak:.0f} TFLOP/s\n")
    print("| size, work | Quipu bf16 us | torch.compile us | ratio | torch matmul us "
          "| of ceiling | Quipu q4_0 us | of ceiling | q4_0 / bf16 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for key, size in SIZES.items():
        for work, (_, tokens, batch) in WORKS.items():
            entry = {who: results.get(f"{who} {key} {work}")
                     for who in ("compile", "matmul", "quipu bf16", "quipu q4_0")}
            if not any(entry.values()):
                continue
            us = {who: (value or {}).get("us") for who, value in entry.items()}

            def share(who):
                """Of the read ceiling, or of the matrix peak in prefill."""
                if not us[who]:
                    return ""
                if tokens == 1:
                    return f"{entry[who]['bytes'] / us[who] / read / 10:.1f} %" if read else ""
                flop = sum(2 * tokens * n * k * count for n, k, count in matrices(size)
                           if n != VOCABULARY)
                return f"{flop / us[who] / 1e4 / peak:.1f} %" if peak else ""

            def ratio(a, b):
                return f"{us[a] / us[b]:.2f}x" if us[a] and us[b] else ""

            def show(who):
                return f"{us[who]:.0f}" if us[who] else ""
            print(f"| {key} {work} | {show('quipu bf16')} | {show('compile')} "
                  f"| {ratio('compile', 'quipu bf16')} | {show('matmul')} "
                  f"| {share('quipu bf16')} | {show('quipu q4_0')} | {share('quipu q4_0')} "
                  f"| {ratio('quipu bf16', 'quipu q4_0')} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    for name, known in (("sizes", SIZES), ("formats", FORMATS), ("works", WORKS)):
        parser.add_argument(f"--{name}", default=",".join(known), help="default: %(default)s")
    parser.add_argument("--programs", default=".", help="the folder of Quipu's programs")
    parser.add_argument("--device", type=int, default=0, help="the GPU's number")
    parser.add_argument("--json", type=Path, help="where results are kept")
    arguments = parser.parse_args()
    chosen = {}
    for name, known in (("sizes", SIZES), ("formats", FORMATS), ("works", WORKS)):
        chosen[name] = getattr(arguments, name).split(",")
        for word in chosen[name]:
            if word not in known:
                parser.error(f"--{name} takes {', '.join(known)}, not {word!r}")
    parts = arguments.parts or PARTS
    for part in parts:
        if part not in PARTS:
            parser.error(f"the parts are {', '.join(PARTS)}, not {part!r}")

    results = {}
    if arguments.json and arguments.json.exists():
        results = json.loads(arguments.json.read_text())
    failures = 0

    def measure(name, run):
        """Keeps what was measured so far when one measurement fails."""
        nonlocal failures
        try:
            value = run()
        except Exception as error:
            failures += 1
            traceback.print_exc(limit=4)
            print(f"{name}: failed: {error}", flush=True)
            return
        results[name] = {"us": value} if isinstance(value, float) else value
        if "us" in results[name]:
            print(f"{name}: {results[name]['us']:.1f} us", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1))

    if set(parts) - {"quipu"}:
        import torch
        torch.cuda.set_device(arguments.device)
    if "ceiling" in parts:
        measure("ceiling", measure_ceiling)
    for key in chosen["sizes"]:
        size = SIZES[key]
        if "quipu" in parts:
            for format in chosen["formats"]:
                program = Path(arguments.programs, f"{size['name']}-{format}").resolve()
                for work in chosen["works"]:
                    measure(f"quipu {format} {key} {work}",
                            lambda: measure_quipu(program, work, arguments.device))
        if "matmul" in parts:
            for work in chosen["works"]:
                measure(f"matmul {key} {work}", lambda: measure_matmul(size, work))
        if "compile" in parts:
            model = make_model(size)
            for work in chosen["works"]:
                measure(f"compile {key} {work}", lambda: measure_compile(model, work))
            del model
            torch.cuda.empty_cache()
    table(results)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
