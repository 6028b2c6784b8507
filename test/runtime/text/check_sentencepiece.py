"""Compares GGUF's SentencePiece vocabularies with PyPI's sentencepiece: models
trained on the corpus, or those of the given files.

usage: check_sentencepiece.py TOKENIZER-TEST FOLDER [MODEL.gguf...]
"""

import io
import os
import random
import struct
import sys

import gguf
import sentencepiece

from tokenizer_corpus import CORPUS, make_texts
from tokenizer_files import BYTE, CONTROL, NORMAL, UNKNOWN, UNUSED, USER_DEFINED, encode, write

tool, folder, *models = sys.argv[1:]


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """Of a protocol buffer."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3) + varint(value)


def fields(message):
    """The numbers and values of a protocol buffer's fields."""
    at = 0

    def take():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = take()
        size = {0: 0, 1: 8, 5: 4}.get(tag & 7)
        if tag & 7 == 0:
            yield tag >> 3, take()
            continue
        size = take() if size is None else size
        yield tag >> 3, message[at : at + size]
        at += size


def make_model(path):
    """sentencepiece's model of a GGUF file's keys."""
    keys = gguf.GGUFReader(path).fields
    values = {name: keys[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores", "token_type")}
    prefix = keys.get("tokenizer.ggml.add_space_prefix")
    model = b""
    for piece, score, kind in zip(*values.values()):
        if kind == USER_DEFINED:
            piece = piece.replace(" ", "▁")
        model += field(1, field(1, piece.encode()) + field(2, float(score)) + field(3, kind))
    model += field(2, field(3, 2) + field(35, 1))
    return model + field(3, field(3, int(prefix.contents()) if prefix else 1) + field(4, 0) + field(5, 1))


def train(**options):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS.split("\n") * 3), model_writer=out, minloglevel=2, **options
    )
    return out.getvalue()


def convert(model, kind, path, **keys):
    """A GGUF file of sentencepiece's model."""
    sp = sentencepiece.SentencePieceProcessor(model_proto=model)
    types = [
        BYTE if sp.is_byte(i) else CONTROL if sp.is_control(i) else UNKNOWN if sp.is_unknown(i)
        else UNUSED if sp.is_unused(i) else NORMAL
        for i in range(sp.vocab_size())
    ]  # fmt: skip
    write(path, {
        "ggml.model": kind,
        "ggml.tokens": [sp.id_to_piece(i) for i in range(sp.vocab_size())],
        "ggml.scores": [sp.get_score(i) for i in range(sp.vocab_size())],
        "ggml.token_type": types,
        "ggml.bos_token_id": sp.bos_id(), "ggml.eos_token_id": sp.eos_id(), "ggml.unknown_token_id": sp.unk_id(),
        **keys,
    })  # fmt: skip


def check(name, model, path, texts):
    sp = sentencepiece.SentencePieceProcessor(model_proto=model)
    for text, result in zip(texts, encode(tool, path, [text.encode() for text in texts])):
        expected = sp.encode(text)
        ids = result["special"]
        if ids != expected:
            at = next((i for i, (a, b) in enumerate(zip(ids, expected)) if a != b), min(len(ids), len(expected)))
            pieces = [[sp.id_to_piece(i) for i in list[at : at + 5]] for list in (ids, expected)]
            sys.exit(f"{name}: {text[:60]!r} has {pieces[0]} at {at}, expected {pieces[1]}")
    print(name, len(texts), "texts")


# What is a control token's name for GGUF is text for sentencepiece.
texts = [text for text in make_texts(random.Random(2)) if "<" not in text or ">" not in text]
if not models:
    COMMON = {"hard_vocab_limit": False, "character_coverage": 0.9995}
    bpe = train(
        model_type="bpe", vocab_size=1200, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, **COMMON,
    )  # fmt: skip
    path = os.path.join(folder, "bpe.gguf")
    convert(bpe, "llama", path)
    check("bpe", bpe, path, texts)
    unigram = train(model_type="unigram", vocab_size=1500, **COMMON)
    spec = dict(fields(dict(fields(unigram))[3]))
    path = os.path.join(folder, "unigram.gguf")
    convert(unigram, "t5", path, **{"ggml.precompiled_charsmap": list(spec[2])})
    check("unigram", unigram, path, texts)
for path in models:
    # GGUF writes spaces in the names of user-defined tokens.
    check("file", make_model(path), path, [text for text in texts if "▁" not in text])
