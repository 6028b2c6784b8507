"""Adds to a golden BERT what folders have beside an encoder, and compares what programs make of it.

usage: encoder_folders.py QUIPU TARGET

    classifier  BERT's pooler and a classifier of two texts, multi_label_classification
    sentences   modules.json: the first token, a dense layer with tanh, no normalisation; prompts

Both have a tokenizer, which PyPI's tokenizers made. What is expected follows from the hidden
states that transformers computed, or from PyPI's tokenizers.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import encoder_files
from encoder_files import GOLDEN, run, write

sys.path.insert(0, str(GOLDEN))
import safetensors_file

quipu, target = sys.argv[1], sys.argv[2]
bert = safetensors_file.read(GOLDEN / "bert" / "model.safetensors")
expected = safetensors_file.read(GOLDEN / "bert" / "expected.safetensors")
hidden, ids = expected["last_hidden_state"].astype(np.float64), " ".join(map(str, expected["input_ids"]))
random = np.random.default_rng(5)


def check(what, have, want):
    error = np.abs(np.array(have) - want).max() / np.abs(want).max()
    if not error < 1e-4:
        sys.exit(f"{what}: {have}, expected {want}")


tokenizer = encoder_files.make_tokenizer()
labels = {"0": "ham", "1": "spam, or so", "2": "other"}
classifier = random.normal(size=(3, 64)).astype(np.float32), random.normal(size=3).astype(np.float32)
tensors = {f"bert.{name}": tensor for name, tensor in bert.items()}
tensors |= {"classifier.weight": classifier[0], "classifier.bias": classifier[1]}
folder = encoder_files.make_folder("classifier", tensors, tokenizer, architectures=["BertForSequenceClassification"],
                                   id2label=labels, problem_type="multi_label_classification")
program = encoder_files.build(quipu, target, folder)
pooled = np.tanh(bert["pooler.dense.weight"] @ hidden[0] + bert["pooler.dense.bias"])
scores = 1 / (1 + np.exp(-(classifier[0] @ pooled + classifier[1])))
result, = run(program, "classify", "--tokens", ids)
assert [label["label"] for label in result["labels"]] == [labels[str(i)] for i in np.argsort(-scores)], result
check("scores", [label["score"] for label in result["labels"]], np.sort(scores)[::-1])

# Two texts are what PyPI's tokenizers make of them; types change the scores.
encoding = tokenizer.encode("a b c", "d e")
pair, given, plain = run(program, "classify", "--jsonl", lines=[
    {"text": "a b c", "pair": "d e"}, {"tokens": encoding.ids, "types": encoding.type_ids}, {"tokens": encoding.ids}])
assert pair["labels"] == given["labels"] != plain["labels"], (pair, given, plain)
argument, = run(program, "classify", "a b c", "--pair", "d e")
assert argument["labels"] == pair["labels"]
cut, short = run(program, "classify", "--jsonl", "--truncate", "--context", "7", lines=[
    {"text": "a b c", "pair": "d e"}, {"text": "a b c", "pair": "d"}])
assert cut["labels"] == short["labels"] != pair["labels"], (cut, short)
wrong = subprocess.run([program, "classify", "--jsonl"], input='{"tokens": [1], "types": [2]}\n', capture_output=True, text=True)
assert wrong.returncode == 1 and 'line 1: "types" must be a list of whole numbers from 0 to 1' in wrong.stderr, wrong

dense = random.normal(size=(10, 64)).astype(np.float32), random.normal(size=10).astype(np.float32)
folder = encoder_files.make_folder("sentences", bert, tokenizer)
Path("sentences/modules.json").write_text(json.dumps([
    {"type": "sentence_transformers.models.Transformer", "path": ""},
    {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
    {"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]))
for name, content in [("1_Pooling", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}),
                      ("2_Dense", {"in_features": 64, "out_features": 10, "bias": True,
                                   "activation_function": "torch.nn.modules.activation.Tanh"})]:
    (folder / name).mkdir()
    (folder / name / "config.json").write_text(json.dumps(content))
write(folder / "2_Dense" / "model.safetensors", {"linear.weight": dense[0], "linear.bias": dense[1]})
(folder / "config_sentence_transformers.json").write_text(json.dumps(
    {"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": None}))
(folder / "sentence_bert_config.json").write_text('{"max_seq_length": 40}')
program = encoder_files.build(quipu, target, folder)
result, = run(program, "embed", "--tokens", ids)
check("embedding", result["embedding"], np.tanh(dense[0] @ hidden[0] + dense[1]))
# Other ways to pool, each of one text and of several in a step.
pooling = folder / "1_Pooling" / "config.json"
kept = pooling.read_text()
for mode, pooled in [("max_tokens", hidden.max(0)), ("mean_sqrt_len_tokens", hidden.sum(0) / np.sqrt(len(hidden))),
                     ("mean_tokens", hidden.mean(0)), ("lasttoken", hidden[-1])]:
    pooling.write_text(json.dumps({f"pooling_mode_{mode}": True}))
    lines = [{"tokens": expected["input_ids"].tolist()}] * 3
    for result in run(encoder_files.build(quipu, target, folder), "embed", "--jsonl", lines=lines):
        check(mode, result["embedding"], np.tanh(dense[0] @ pooled + dense[1]))
pooling.write_text(kept)
named, written, plain = run(program, "embed", "a", "--prompt-name", "query") + run(program, "embed", "query: a") + run(program, "embed", "a")
assert named["embedding"] == written["embedding"] != plain["embedding"]
wrong = subprocess.run([program, "embed", "a", "--prompt-name", "other"], capture_output=True, text=True)
assert "'--prompt-name' takes document, query, not 'other'" in wrong.stderr, wrong
assert b"context:      40" in subprocess.run([program, "--version"], capture_output=True, check=True).stdout


def refuse(what, file, content):
    kept = file.read_text()
    file.write_text(json.dumps(content))
    result = subprocess.run([quipu, "build", folder, "--target", target, "-o", "wrong"], capture_output=True, text=True)
    assert result.returncode == 1 and what in result.stderr and len(result.stderr.splitlines()) == 1, (what, result.stderr)
    file.write_text(kept)


refuse("modules.json: expected a list of modules", folder / "modules.json", {})
refuse("the path \"../x\" is no folder of this one", folder / "modules.json",
       [{"type": "sentence_transformers.models.Dense", "path": "../x"}])
refuse("the module sentence_transformers.models.LSTM is unknown", folder / "modules.json",
       [{"type": "sentence_transformers.models.LSTM", "path": "1"}])
refuse("pools by 'weightedmean_tokens', expected mean_tokens, mean_sqrt_len_tokens, max_tokens, cls_token or lasttoken",
       folder / "1_Pooling" / "config.json", {"pooling_mode_weightedmean_tokens": True})
refuse("pools in more than one way", folder / "1_Pooling" / "config.json",
       {"pooling_mode_max_tokens": True, "pooling_mode_cls_token": True})
refuse("there is no prompt \"x\", which is the default", folder / "config_sentence_transformers.json",
       {"prompts": {}, "default_prompt_name": "x"})
folder = Path("classifier")
refuse("there are 1 labels, but the classifier has 3 rows", folder / "config.json",
       json.loads((folder / "config.json").read_text()) | {"id2label": {"0": "one"}})
refuse("the key 'id2label' is", folder / "config.json",
       json.loads((folder / "config.json").read_text()) | {"id2label": {"1": "one"}})
refuse("expected single_label_classification, multi_label_classification or regression", folder / "config.json",
       json.loads((folder / "config.json").read_text()) | {"problem_type": "x"})
print("ok")
