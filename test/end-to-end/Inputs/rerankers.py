"""Compares how rerankers rank, and classifiers in GGUF files classify, with BERT in plain numpy.

usage: rerankers.py QUIPU TARGET

    folder  a cross-encoder as sentence_transformers has it, types 0 and 1
    bert    the same as a GGUF file with pooling "rank", and one with three labels
    bge     a GGUF file with tokens of SentencePiece and one type, as llama.cpp makes them of XLM-RoBERTa

Scores are sigmoids of the logit; texts are put together by PyPI's tokenizers, or by hand.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np

import encoder_files
from encoder_files import GOLDEN, LETTERS

sys.path.insert(0, str(GOLDEN))
import bert_numpy
import safetensors_file
from gguf_names import BERT_NAMES, gguf_name

TOLERANCE = {"reference": 1e-5, "native": 1e-4}
quipu, target = sys.argv[1:]
bert = safetensors_file.read(GOLDEN / "bert" / "model.safetensors")
config = json.loads((GOLDEN / "bert" / "config.json").read_text())
random = np.random.default_rng(3)
query = "a b c"
texts = [" ".join(random.choice(list("abcdefghijkl"), random.integers(1, 40))) for _ in range(70)]


def score(head, ids, types, tensors=bert):
    hidden = bert_numpy.hidden_states(config, tensors, ids, types)
    dense = np.tanh(tensors["pooler.dense.weight"] @ hidden[0] + tensors["pooler.dense.bias"])
    return head[0] @ dense + head[1]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def check_ranks(program, scores):
    Path("lines").write_text("".join(text + "\n" for text in texts))
    words = [program, "rank", "--query", query, "--cache-type", "f32", "--format", "json"]
    printed = subprocess.run(words, stdin=open("lines"), capture_output=True, text=True, check=True).stdout
    ranked = [json.loads(line) for line in printed.splitlines()]
    assert [one["rank"] for one in ranked] == list(range(1, len(texts) + 1))
    assert sorted(one["item"] for one in ranked) == list(range(1, len(texts) + 1))
    have = [one["score"] for one in ranked]
    assert have == sorted(have, reverse=True) and have[0] - have[-1] > 0.1, have
    for one in ranked:
        at = one["item"] - 1
        assert one["text"] == texts[at] and abs(one["score"] - scores[at]) < TOLERANCE[target], (one, scores[at])
    # The best of files, by their names.
    for i in range(3):
        Path(f"{i}.txt").write_text(texts[i])
    best = subprocess.run([program, "rank", "--query", query, "--top", "1", "0.txt", "1.txt", "2.txt"],
                          capture_output=True, text=True, check=True).stdout
    assert best == f"{max(scores[:3]):.4f}\t{np.argmax(scores[:3])}.txt\n", (best, scores[:3])


def write_gguf(path, tensors, head, labels=None):
    """To the writer, which is given back, the caller adds a tokenizer."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.RANK)
    if labels:
        writer.add_classifier_output_labels(labels)
    for name, tensor in tensors.items():
        name = re.sub(r"^pooler\.dense\.", "cls.", name)
        if not name.startswith("cls."):
            name = gguf_name(name, BERT_NAMES, loops=None)
        writer.add_tensor(name, tensor)
    writer.add_tensor("cls.output.weight", head[0])
    writer.add_tensor("cls.output.bias", head[1])
    return writer


def finish(writer, tokens, control):
    tokens = tokens + [f"[unused{i}]" for i in range(config["vocab_size"] - len(tokens))]
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if i < control else gguf.TokenType.NORMAL for i in range(len(tokens))])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


tokenizer = encoder_files.make_tokenizer()
head = random.normal(size=(1, 64)).astype(np.float32), np.array([0.25], np.float32)
tensors = {f"bert.{name}": tensor for name, tensor in bert.items()}
tensors |= {"classifier.weight": head[0], "classifier.bias": head[1]}
folder = encoder_files.make_folder("folder", tensors, tokenizer, architectures=["BertForSequenceClassification"],
                                   id2label={"0": "LABEL_0"})
pairs = [tokenizer.encode(query, text) for text in texts]
scores = [sigmoid(score(head, pair.ids, pair.type_ids))[0] for pair in pairs]
check_ranks(encoder_files.build(quipu, target, folder), scores)

# WordPiece of GGUF marks the beginnings of words.
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581query", "\u2581:", *("\u2581" + letter for letter in LETTERS)]
writer = write_gguf("bert.gguf", bert, head)
writer.add_token_type_count(2)
writer.add_tokenizer_model("bert")
writer.add_bos_token_id(2)
writer.add_sep_token_id(3)
writer.add_unk_token_id(1)
finish(writer, words, 4)
check_ranks(encoder_files.build(quipu, target, "bert.gguf"), scores)

several = random.normal(size=(3, 64)).astype(np.float32), np.zeros(3, np.float32)
writer = write_gguf("labels.gguf", bert, several, ["ham", "spam", "other"])
writer.add_token_type_count(2)
writer.add_tokenizer_model("bert")
writer.add_bos_token_id(2)
writer.add_sep_token_id(3)
writer.add_unk_token_id(1)
finish(writer, words, 4)
program = encoder_files.build(quipu, target, "labels.gguf")
result, = encoder_files.run(program, "classify", query, "--pair", texts[0])
logits = score(several, pairs[0].ids, pairs[0].type_ids)
powers = np.exp(logits - logits.max())
want = dict(zip(["ham", "spam", "other"], powers / powers.sum()))
assert all(abs(want[label["label"]] - label["score"]) < TOLERANCE[target] for label in result["labels"]), (result, want)
wrong = subprocess.run([program, "rank", "--query", "a", "0.txt"], capture_output=True, text=True)
assert wrong.returncode == 1 and "has 3 labels, and 'rank' needs one that has one" in wrong.stderr, wrong

# <s> query </s></s> text </s>, all of type 0.
tensors = bert | {"embeddings.token_type_embeddings.weight": bert["embeddings.token_type_embeddings.weight"][:1]}
head = head[0], head[1] - 7  # scores that differ
writer = write_gguf("bge.gguf", tensors, head)
writer.add_token_type_count(1)
writer.add_tokenizer_model("t5")
tokens = ["<s>", "<pad>", "</s>", "<unk>", *("\u2581" + letter for letter in LETTERS)]
writer.add_token_scores([0.0] * 4 + [-1.0 - i / 64 for i in range(config["vocab_size"] - 4)])
writer.add_bos_token_id(0)
writer.add_eos_token_id(2)
writer.add_sep_token_id(2)
writer.add_unk_token_id(3)
writer.add_add_bos_token(True)
writer.add_add_eos_token(True)
writer.add_add_sep_token(True)
writer.add_add_space_prefix(True)
finish(writer, tokens, 3)
scores = []
for text in texts:
    first, second = ([4 + LETTERS.index(letter) for letter in part.split()] for part in [query, text])
    ids = [0, *first, 2, 2, *second, 2]
    scores.append(sigmoid(score(head, ids, [0] * len(ids), tensors))[0])
check_ranks(encoder_files.build(quipu, target, "bge.gguf"), scores)
print("ok")
