"""Compares the answers of a BERT, read from texts, with those of transformers' question-answering pipeline.

usage: answers.py QUIPU TARGET

The pipeline is a few lines of numpy here (transformers/pipelines/question_answering.py of 4.57), on hidden
states of test/golden/bert_numpy.py and on windows that PyPI's tokenizers make. Answers that
have a token in common with a better one are left out.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import encoder_files
from encoder_files import GOLDEN

sys.path.insert(0, str(GOLDEN))
import bert_numpy
import safetensors_file

TOLERANCE = {"reference": 1e-5, "native": 1e-4}
quipu, target = sys.argv[1:]
bert = safetensors_file.read(GOLDEN / "bert" / "model.safetensors")
config = json.loads((GOLDEN / "bert" / "config.json").read_text())
random = np.random.default_rng(8)
head = random.normal(size=(2, 64)).astype(np.float32), np.array([0.5, -0.5], np.float32)
tokenizer = encoder_files.make_tokenizer()
folder = encoder_files.make_folder("reader", {**{f"bert.{name}": tensor for name, tensor in bert.items()},
                                              "qa_outputs.weight": head[0], "qa_outputs.bias": head[1]},
                                   tokenizer, architectures=["BertForQuestionAnswering"])
program = encoder_files.build(quipu, target, folder)


def softmax(numbers):
    powers = np.exp(numbers - numbers.max())
    return powers / powers.sum()


def ask(question, context, window, stride, longest, top, none):
    """[(score, text)], the best first; the text None: no answer."""
    tokenizer.enable_truncation(window, stride=stride, strategy="only_second")
    encoding = tokenizer.encode(question, context)
    found, least = [], np.inf
    for part in [encoding, *encoding.overflowing]:
        hidden = bert_numpy.hidden_states(config, bert, part.ids, part.type_ids)
        start, end = (hidden @ head[0].T + head[1]).T
        may_be = np.array([one == 1 for one in part.sequence_ids])
        may_be[0] = True  # [CLS]: no answer
        start, end = softmax(np.where(may_be, start, -1e4)), softmax(np.where(may_be, end, -1e4))
        least = min(least, start[0] * end[0])
        may_be[0] = False
        for i in np.flatnonzero(may_be):
            for j in range(i, min(i + longest, len(end))):
                if may_be[j]:
                    found.append((start[i] * end[j], part.offsets[i][0], part.offsets[j][1]))
    answers = [(least, 0, 0)] if none and least > max(found)[0] else []
    for score, begin, stop in sorted(found, reverse=True):
        if len(answers) < top and all(stop <= b or begin >= e for _, b, e in answers):
            answers.append((score, begin, stop))
    return [(score, context[begin:stop] or None) for score, begin, stop in answers]


def check(have, want):
    assert len(have["answers"]) == len(want), (have, want)
    for one, (score, text) in zip(have["answers"], want):
        assert one["answer"] == text and abs(one["score"] - score) < TOLERANCE[target], (have, want)


def run(*words, lines):
    return encoder_files.run(program, "answer", *words, "--jsonl", lines=lines)


def context(length):
    """Letters, some with a point behind and some farther from the next."""
    return "".join(chr(97 + letter) + [" ", ". ", "  "][letter % 3] for letter in random.integers(0, 26, length)).strip()


questions = [{"id": i, "question": " ".join("abcdefgh"[: 1 + i % 5]), "context": context(length)}
             for i, length in enumerate([1, 5, 12, 21, 40, 90, 30])]
has_none = 0
for window, stride, longest, top in [(64, 16, 15, 1), (24, 8, 30, 3), (17, 3, 4, 5), (64, 1, 1, 2)]:
    options = [f"--window={window}", f"--stride={stride}", f"--longest={longest}", f"--top={top}"]
    for none in [False, True]:
        results = run(*options, *["--none"] * none, lines=questions)
        assert [result["id"] for result in results] == list(range(len(questions)))
        for one, result in zip(questions, results):
            want = ask(one["question"], one["context"], window, stride, longest, top, none)
            check(result, want)
            has_none += want[0][1] is None
assert 3 < has_none < 25, has_none  # both occur

# The threshold is what a missing answer must be better by, in nats.
one = questions[4]
options = ["--window", "24", "--stride", "8", "--none"]
least = ask(one["question"], one["context"], 24, 8, 30, 1, False)[0][0]
none = min(ask(one["question"], one["context"], 24, 8, 30, 1, True)[0][0], 1)
for threshold in [-30, 30]:
    answer = run(*options, "--threshold", str(threshold), lines=[one])[0]["answers"][0]
    assert (answer["answer"] is None) == (threshold < 0), answer

# A context for all questions, whose spans are bytes of the file.
text = "é a b.\n\n c d"
Path("story.txt").write_text(text)
tokenizer.no_truncation()
for question in ["a", "b c"]:
    printed = subprocess.run([program, "answer", "--context", "story.txt", question], capture_output=True, text=True, check=True).stdout
    (score, want), = ask(question, text, 384, 128, 30, 1, False)
    score_printed, answer = printed.rstrip("\n").split("\t")
    assert answer == want.replace("\n", "\\n") and abs(float(score_printed) - score) < 1e-3, (printed, want, score)

# What cannot be asked.
for line, what in [({"question": "a"}, "there is no context; give it with '--context FILE'"),
                   ({"question": "a", "context": " \n"}, "the context is empty"),
                   ({"question": "a " * 13, "context": "b"}, "the question has 13 tokens, more than half of the 24 that are read together")]:
    result = subprocess.run([program, "answer", "--jsonl", "--window", "24"], input=json.dumps(line), capture_output=True, text=True)
    assert result.returncode == 1 and f"line 1: {what}" in result.stderr, (what, result)
print("ok")
