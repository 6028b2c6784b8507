"""Compares the groups of `tag --group` with those that transformers' pipeline makes of the tokens' labels.

usage: tag_groups.py QUIPU TARGET

The golden classifier of tokens gets labels of things that begin and go on, and a tokenizer of
words. What `tag` says of the tokens alone is compared with transformers elsewhere.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers

quipu, target = sys.argv[1:]
folder = Path("ner")
shutil.copytree(Path(__file__).parents[2] / "golden" / "tokencls", folder)
labels = ["O", "B-PER", "I-PER", "I-LOC", "MISC"]
config = json.loads((folder / "config.json").read_text())
config |= {"id2label": {str(i): label for i, label in enumerate(labels)},
           "label2id": {label: i for i, label in enumerate(labels)}}
(folder / "config.json").write_text(json.dumps(config))
words = {f"w{i}": i for i in range(config["vocab_size"])}
tokenizer = Tokenizer(models.WordLevel(words, "w0"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer.save(str(folder / "tokenizer.json"))
subprocess.run([quipu, "build", folder, "--target", target, "-o", "program"], check=True)

random = np.random.default_rng(1)
texts = [" ".join(f"w{i}" for i in random.integers(320, size=40)) for _ in range(10)]


def tag(*options):
    out = subprocess.run(["./program", "tag", "--format", "json", *options], input="\n".join(texts).encode(),
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line)["tags"] for line in out.splitlines()]


def split(label):
    """TokenClassificationPipeline.get_tag"""
    return label.split("-") if label[:2] in ("B-", "I-") else ["I", label]


def group(tokens):
    """TokenClassificationPipeline.group_entities, and "O" is left out of its result."""
    groups = []
    for token in tokens:
        begins, label = split(token["label"])
        if groups and groups[-1]["label"] == label and begins != "B":
            groups[-1]["tokens"].append(token)
        else:
            groups.append({"label": label, "tokens": [token]})
    return [(g["label"], g["tokens"][0]["first"], g["tokens"][-1]["last"],
             "".join(token["text"] for token in g["tokens"]), np.mean([token["score"] for token in g["tokens"]]))
            for g in groups if g["label"] != "O"]


alone, grouped = tag(), tag("--group")
lengths = set()
for tokens, things in zip(alone, grouped, strict=True):
    expected = group(tokens)
    assert len(things) == len(expected), (things, expected)
    for thing, (label, first, last, text, score) in zip(things, expected):
        assert (thing["label"], thing["first"], thing["last"]) == (label, first, last), (thing, label, first, last)
        assert thing["text"] == text, (thing, text)
        assert abs(thing["score"] - score) < 1e-6, (thing, score)
        lengths.add(last - first + 1)
seen = {token["label"] for tokens in alone for token in tokens}
assert seen == set(labels) and len(lengths) > 2, (seen, lengths)
print("groups as in transformers")
