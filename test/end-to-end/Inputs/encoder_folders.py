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
from tokenizers import Tokenizer, models, pre_tokenizers, processors

GOLDEN = Path(__file__).parents[2] / "golden"
sys.path.insert(0, str(GOLDEN))
import safetensors_file

quipu, target = sys.argv[1], sys.argv[2]
bert = safetensors_file.read(GOLDEN / "bert" / "model.safetensors")
expected = safetensors_file.read(GOLDEN / "bert" / "expected.safetensors")
hidden, ids = expected["last_hidden_state"].astype(np.float64), " ".join(map(str, expected["input_ids"]))
random = np.random.default_rng(5)


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        bytes = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def make_tokenizer():
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "query", ":", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def make_folder(name, tensors, **changes):
    folder = Path(name)
    folder.mkdir()
    config = json.loads((GOLDEN / "bert" / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    write(folder / "model.safetensors", tensors)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def build(folder):
    program = f"./{folder}-program"
    subprocess.run([quipu, "build", folder, "--target", target, "-o", program], check=True)
    return program


def run(program, *words, lines=None):
    text = None if lines is None else "".join(json.dumps(line) + "\n" for line in lines)
    result = subprocess.run([program, *words, "--format", "json", "--cache-type", "f32"], input=text,
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{program} {words}: {result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def check(what, have, want):
    error = np.abs(np.array(have) - want).max() / np.abs(want).max()
    if not error < 1e-4:
        sys.exit(f"{what}: {have}, expected {want}")


tokenizer = make_tokenizer()
labels = {"0": "ham", "1": "spam, or so", "2": "other"}
classifier = random.normal(size=(3, 64)).astype(np.float32), random.normal(size=3).astype(np.float32)
folder = make_folder("classifier", {**{f"bert.{name}": tensor for name, tensor in bert.items()},
                                    "classifier.weight": classifier[0], "classifier.bias": classifier[1]},
                     architectures=["BertForSequenceClassification"], id2label=labels,
                     problem_type="multi_label_classification")
program = build(folder)
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
folder = make_folder("sentences", bert)
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
program = build(folder)
result, = run(program, "embed", "--tokens", ids)
check("embedding", result["embedding"], np.tanh(dense[0] @ hidden[0] + dense[1]))
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
refuse("pools by 'max_tokens', expected mean_tokens, cls_token or lasttoken", folder / "1_Pooling" / "config.json",
       {"pooling_mode_max_tokens": True})
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
