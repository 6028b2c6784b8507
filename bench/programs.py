"""The programs that are compared. Each has a name and a version, measures
kinds of work on a model file, and is checked to compute what the others do.

`measure(work, threads)` returns tokens per second, a median after one run to
warm up; a program that cannot run a model raises peers.Unable with its sentence.
"""

import json
import statistics
from pathlib import Path

import numpy as np

import accuracy
import peers

# A program that agrees less than this with llama.cpp computes something else.
MOST_KL = 0.1
# Without logits: of next tokens, three quarters are to be among so many of
# llama.cpp's best.
BEST_TOKENS = 20
PROMPT, CONTINUATION = 64, 16


def repetitions(model):
    """Of a measurement; large models run long enough by themselves."""
    return 3 if model.stat().st_size < 500e6 else 1


class Refusal:
    """In the place of a program that cannot run the model."""

    def __init__(self, name, sentence):
        self.name, self.sentence = name, sentence


class LlamaCpp:
    name = "llama.cpp"

    def __init__(self, model):
        self.model = model

    def measure(self, work, threads):
        sizes = (["-p", work.tokens, "-n", 0] if work.prefill else
                 ["-p", 0, "-n", work.tokens, "-d", work.depth])
        tests = json.loads(peers.output_of(
            [peers.llama_cpp() / "llama-bench", "-m", self.model, *sizes, "-r",
             repetitions(self.model), "-t", threads, "-o", "json"]))
        return statistics.median(tests[0]["samples_ts"])

    def check(self, tokens):
        """It is what the others are compared with: its logits are finite."""
        accuracy.llama_logits(self.model, tokens, "default", 1,
                              peers.PEERS / "sane-llama.npy")


class OpenVino:
    name = "OpenVINO GenAI"

    def __init__(self, model):
        self.model = model

    def run(self, *arguments):
        return json.loads(peers.output_of(
            [peers.openvino(), Path(__file__).parent / "run_openvino.py",
             self.model, *arguments]))

    def measure(self, work, threads):
        return statistics.median(self.run(
            threads, "prefill" if work.prefill else "decode", work.tokens,
            repetitions(self.model), *([work.depth] if work.depth else [])))

    def check(self, tokens):
        more = self.run(1, "continue", CONTINUATION, *tokens)
        logits = accuracy.llama_logits(self.model, tokens + more, "default", 1,
                                       peers.PEERS / "sane-openvino.npy")
        rows = logits[len(tokens) - 1:-1]
        ranks = (rows > rows[np.arange(len(more)), more][:, None]).sum(-1)
        rank = int(np.quantile(ranks, 0.75, method="higher"))
        if rank >= BEST_TOKENS:
            peers.fail(f"{self.name}, {self.model.name}: a quarter of the "
                       f"tokens that continue a text are number {rank + 1} or "
                       "worse of llama.cpp's, so its speed means nothing")


class Quipu:
    name = "Quipu"

    def __init__(self, model):
        self.model = model
        self.program = None

    def measure(self, work, threads):
        sizes = (["--prefill", work.tokens, "--decode", 1] if work.prefill else
                 ["--prefill", 1, "--decode", work.tokens])
        sizes += ["--depth", work.depth] if work.depth else []
        result = json.loads(peers.output_of([self.program, "--bench", "--json",
                                       "--threads", threads, *sizes]))
        phase = "prefill" if work.prefill else "decode"
        return result[f"{phase}_tokens_per_second"]

    def check(self, tokens):
        self.program = peers.quipu_program(self.model)
        quipu = accuracy.quipu_logits(self.program, tokens, 1,
                                      peers.PEERS / "sane-quipu.npy")
        llama = accuracy.llama_logits(self.model, tokens, "default", 1,
                                      peers.PEERS / "sane-llama.npy")
        divergence = accuracy.distance(llama, quipu)["mean_kl"]
        if not divergence < MOST_KL:
            peers.fail(f"{self.name}, {self.model.name}: its logits are far "
                       f"from llama.cpp's (mean KL divergence "
                       f"{divergence:.3g}), so its speed means nothing")


PROGRAMS = {"llama.cpp": LlamaCpp, "openvino": OpenVino, "quipu": Quipu}


def start(name, model):
    """The program, checked, or its refusal."""
    program = PROGRAMS[name](model)
    text = Path(__file__).parent / "text.txt"
    try:
        program.check(accuracy.tokenize(model, [text])[:PROMPT])
    except peers.Unable as refusal:
        return Refusal(program.name, str(refusal))
    return program
