"""Compares what the commands of golden models with heads print with what transformers says.

usage: heads.py QUIPU TARGET TOLERANCE FOLDER...

Each folder is built without --head, and its default command reads the folder's ids. Scores
may differ by the tolerance.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parents[2] / "golden"
sys.path.insert(0, str(GOLDEN))
import safetensors_file


def softmax(numbers):
    powers = np.exp(numbers.astype(np.float64) - numbers.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def check(what, have, want):
    worst = np.abs(np.array(have, np.float64) - want).max()
    if not worst <= tolerance:
        sys.exit(f"{what}: {worst:.2e} off")
    return worst


def check_best(what, have, want):
    """The best one, or one that is as good but for the tolerance."""
    if not have >= want - tolerance:
        sys.exit(f"{what} has {have}, the best {want}")


def classify(result, expected, names):
    scores = softmax(expected["logits"])
    have = [label["score"] for label in result["labels"]]
    assert have == sorted(have, reverse=True) and len(have) == len(scores), result
    numbers = {name: i for i, name in names.items()}
    return check("scores", have, scores[[numbers[label["label"]] for label in result["labels"]]])


def tag(result, expected, names):
    scores = softmax(expected["logits"])
    numbers = {name: i for i, name in names.items()}
    chosen = [scores[i, numbers[token["label"]]] for i, token in enumerate(result["tags"])]
    assert len(chosen) == len(scores), result
    for i, score in enumerate(chosen):
        check_best(f"tag {i}", score, scores[i].max())
    return check("scores", [token["score"] for token in result["tags"]], np.array(chosen))


def answer(result, expected, names, longest=30):
    start, end = softmax(expected["start_logits"]), softmax(expected["end_logits"])
    spans = {(i, j): start[i] * end[j] for i in range(len(start)) for j in range(i, min(i + longest, len(end)))}
    assert len(result["answers"]) == 2, result
    for one in result["answers"]:
        first, last = one["first"], one["last"]
        check_best(f"{one}", spans[first, last], max(spans.values()))
        assert one["answer"] == " ".join(map(str, expected["input_ids"][first:last + 1])), one
        worst = check("score", one["score"], spans[first, last])
        spans = {(i, j): score for (i, j), score in spans.items() if j < first or i > last}
    return worst


def embed(result, expected, names):
    mean = expected["last_hidden_state"].astype(np.float64).mean(0)
    return check("embedding", result["embedding"], mean / np.linalg.norm(mean))


COMMANDS = {"ForSequenceClassification": (classify, []), "ForTokenClassification": (tag, []),
            "ForQuestionAnswering": (answer, ["--top", "2"]), "Model": (embed, [])}
quipu, target, tolerance, *folders = sys.argv[1:]
tolerance = float(tolerance)
for name in folders:
    folder = GOLDEN / name
    expected = safetensors_file.read(folder / "expected.safetensors")
    config = json.loads((folder / "config.json").read_text())
    names = {int(i): label for i, label in config.get("id2label", {}).items()} or {i: f"LABEL_{i}" for i in range(99)}
    kind, options = next(entry for suffix, entry in COMMANDS.items() if config["architectures"][0].endswith(suffix))
    subprocess.run([quipu, "build", folder, "--target", target, "-o", "program"], check=True)
    ids = " ".join(map(str, expected["input_ids"]))
    printed = subprocess.run(["./program", "--tokens", ids, "--format", "json", "--cache-type", "f32", *options],
                             capture_output=True, text=True, check=True).stdout
    result = json.loads(printed)
    # As one of many, cut into chunks.
    lines = "".join(json.dumps({"id": i, "tokens": expected["input_ids"].tolist()}) + "\n" for i in range(3))
    many = subprocess.run(["./program", kind.__name__, "--jsonl", "--format", "json", "--cache-type", "f32", "--chunk", "64", *options],
                          input=lines, capture_output=True, text=True, check=True).stdout
    assert [json.loads(line) for line in many.splitlines()] == [dict(id=i) | {k: v for k, v in result.items() if k != "item"} for i in range(3)], many
    print(f"{name} {kind.__name__} {target}: at most {kind(result, expected, names):.1e} off", flush=True)
