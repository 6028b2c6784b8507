"""Runs OpenVINO GenAI on a GGUF file, in its own environment.

usage: run_openvino.py MODEL.gguf THREADS prefill TOKENS REPETITIONS
       run_openvino.py MODEL.gguf THREADS decode TOKENS REPETITIONS [DEPTH]
       run_openvino.py MODEL.gguf THREADS continue TOKENS ID...

Prints a JSON list: tokens per second of each repetition after one to warm up,
or the ids of the continuation. Decoding starts from DEPTH tokens of context,
with an f16 cache then; otherwise all is as OpenVINO chooses it.
"""

import json
import sys

import numpy as np
import openvino
import openvino_genai


def main():
    model, threads, command, count, *numbers = sys.argv[1:]
    count, numbers = int(count), [int(number) for number in numbers]
    depth = numbers[1] if command == "decode" and len(numbers) > 1 else 0
    options = {"INFERENCE_NUM_THREADS": int(threads)}
    if depth:
        options["KV_CACHE_PRECISION"] = openvino.Type.f16
    try:
        pipeline = openvino_genai.LLMPipeline(model, "CPU", **options)
    except RuntimeError as error:
        sys.exit("error: " + str(error).strip().splitlines()[-1])
    random = np.random.default_rng(1)

    def generate(ids, new):
        tokens = openvino.Tensor(np.array([ids], np.int64))
        mask = openvino.Tensor(np.ones((1, len(ids)), np.int64))
        return pipeline.generate(
            openvino_genai.TokenizedInputs(tokens, mask), max_new_tokens=new,
            ignore_eos=True, do_sample=False)

    if command == "continue":
        print(json.dumps([int(id) for id in generate(numbers, count).tokens[0]]))
        return
    speeds = []
    prompt = random.integers(100, 40000, depth or 1)
    for _ in range(numbers[0] + 1):
        if command == "prefill":
            # A prompt that came before would be found in the cache.
            times = generate(random.integers(100, 40000, count), 1).perf_metrics
            speeds.append(1e3 * count / times.get_ttft().mean)
        else:
            times = generate(prompt, count).perf_metrics
            speeds.append(1e3 / times.get_tpot().mean)
    print(json.dumps(speeds[1:]))


if __name__ == "__main__":
    main()
