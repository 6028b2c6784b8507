"""Writes small tokenizer.json files of every kind, for the fuzzer.

usage: make_tokenizer_seeds.py FOLDER
"""

import json
import sys
from pathlib import Path

TOKENS = ["<unk>", "<s>", "</s>", *"abcdeht ▁Ġ", "##e", "th", "▁th", "Ġth", "the", "12", "é", "中"]
VOCABULARY = {token: number for number, token in enumerate(TOKENS)}
MERGES = [["t", "h"], ["▁", "th"], ["Ġ", "th"], ["th", "e"]]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLIT = {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True, "trim_offsets": True}
SPACES = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
ADDED = [
    {"id": 1, "content": "<s>", "single_word": False, "lstrip": False, "rstrip": True, "normalized": False, "special": True},
    {"id": 17, "content": "the", "single_word": True, "lstrip": True, "rstrip": False, "normalized": True, "special": False},
]
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
}
BPE = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "ignore_merges": True,
       "vocab": VOCABULARY, "merges": MERGES}  # fmt: skip
UNIGRAM = {"type": "Unigram", "unk_id": 0, "vocab": [[token, -float(number)] for token, number in VOCABULARY.items()]}
PIECES = {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
          "max_input_chars_per_word": 100, "vocab": VOCABULARY}  # fmt: skip
WORDS = {"type": "WordLevel", "unk_token": "<unk>", "vocab": VOCABULARY}
SEEDS = {
    "gpt2": (BPE, None, BYTES, BYTES, TEMPLATE),
    "llama3": (BPE, {"type": "NFC"}, {"type": "Sequence", "pretokenizers": [SPLIT, BYTES]}, BYTES, None),
    "sentencepiece": (BPE, {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, REPLACE]}, None,
                      {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]}, TEMPLATE),
    "unigram": (UNIGRAM, {"type": "NFKC"}, SPACES, SPACES, None),
    "bert": (PIECES, BERT, {"type": "BertPreTokenizer"}, {"type": "WordPiece", "prefix": "##", "cleanup": True}, None),
    "words": (WORDS, {"type": "Lowercase"}, {"type": "Whitespace"}, None, None),
}  # fmt: skip

for name, (model, normalizer, splits, decoder, post) in SEEDS.items():
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": ADDED, "normalizer": normalizer,
                 "pre_tokenizer": splits, "post_processor": post, "decoder": decoder, "model": model}  # fmt: skip
    Path(sys.argv[1], f"tokenizer-{name}.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
