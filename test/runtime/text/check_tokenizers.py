"""Compares tokenizers of every kind with PyPI's tokenizers, which trains them on
the corpus, or with the given files: ids with and without special tokens, and the
text that ids become.

usage: check_tokenizers.py TOKENIZER-TEST FOLDER [TOKENIZER.json...]
"""

import json
import os
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_corpus import CORPUS, make_texts
from tokenizer_files import encode

N, P, D = normalizers, pre_tokenizers, decoders
SPECIAL = ["<unk>", "<s>", "</s>", "<a>", "<ab>"]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
POSSESSIVE = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"
    r"|\s+(?!\S)|\s+"
)
HAN = (
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def train(model, trainer, normalizer=None, splits=None, decoder=None, post=None):
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splits
    tokenizer.decoder = decoder
    tokenizer.train_from_iterator(CORPUS.split("\n") * 3, trainer)
    tokenizer.post_processor = post
    return tokenizer


def byte_level(splits, **model):
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=SPECIAL, initial_alphabet=P.ByteLevel.alphabet(), show_progress=False
    )
    return train(models.BPE(**model), trainer, None, splits, D.ByteLevel())


def splits(*patterns):
    steps = [P.Split(Regex(pattern), "isolated") for pattern in patterns]
    return P.Sequence([*steps, P.ByteLevel(add_prefix_space=False, use_regex=False)])


def characters(normalizer=None, splits=None, decoder=None, special=(), **model):
    trainer = trainers.BpeTrainer(vocab_size=900, special_tokens=[*SPECIAL, *special], show_progress=False)
    tokenizer = train(models.BPE(unk_token="<unk>", **model), trainer, normalizer, splits, decoder)
    # Those of bytes are the model's own.
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = [token for token in file["added_tokens"] if token["content"] not in special]
    return Tokenizer.from_str(json.dumps(file))


def unigram(normalizer, splits, decoder, **trainer):
    trainer = trainers.UnigramTrainer(
        vocab_size=1500, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False, **trainer
    )
    return train(models.Unigram(), trainer, normalizer, splits, decoder)


def word_piece(**normalizer):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=900, special_tokens=special, show_progress=False)
    model = models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20)
    template = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return train(model, trainer, N.BertNormalizer(**normalizer), P.BertPreTokenizer(), D.WordPiece(), template)


def words(splits):
    trainer = trainers.WordLevelTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False)
    return train(models.WordLevel(unk_token="<unk>"), trainer, None, splits)


def with_added(tokenizer):
    tokenizer.add_tokens([
        AddedToken("<b>", lstrip=True, normalized=False),
        AddedToken("fox", single_word=True, normalized=False),
        AddedToken("def", rstrip=True),
        AddedToken("ÉLÈVES", normalized=True),
        AddedToken("jumps", normalized=True),
    ])
    return tokenizer


LLAMA = D.Sequence([D.Replace("▁", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])
KINDS = {
    "gpt2": lambda: byte_level(P.ByteLevel(add_prefix_space=False)),
    "gpt2-prefix": lambda: byte_level(P.ByteLevel(add_prefix_space=True)),
    "llama3": lambda: byte_level(splits(LLAMA3), ignore_merges=True),
    "gpt4o": lambda: byte_level(splits(GPT4O)),
    "possessive": lambda: byte_level(splits(POSSESSIVE)),
    "han": lambda: byte_level(splits(HAN)),
    # Groups of three from the end of a number: SuperBPE, Tiny Aya, AFMoE.
    "groups": lambda: byte_level(splits(r"\p{N}+", r"(?=(\d{3})+(?!\d))")),
    "groups-words": lambda: byte_level(splits(r"\d{1,3}(?=(?:\d{3})*\b)", GPT4O)),
    "groups-numbers": lambda: byte_level(splits(r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", r"\p{L}+")),
    "digits": lambda: byte_level(P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)])),
    "behind-bytes": lambda: byte_level(P.Sequence([
        P.Punctuation("contiguous"), P.ByteLevel(add_prefix_space=False), P.Digits(individual_digits=False),
        P.Split(Regex("[0-9][0-9][0-9]"), "isolated")])),
    "line-ends": lambda: byte_level(P.Sequence([
        P.Split(Regex("[\r\n]"), "isolated"), P.Split(Regex(r"\s?\p{L}+"), "isolated"),
        P.Split(Regex(r"\s+$"), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])),
    "sentencepiece": lambda: characters(
        N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), None, LLAMA, BYTES, byte_fallback=True, fuse_unk=True),
    "unknown": lambda: characters(None, P.WhitespaceSplit(), fuse_unk=False),
    "fused": lambda: characters(None, P.Metaspace(prepend_scheme="first"), D.Metaspace(prepend_scheme="first"), fuse_unk=True),
    "affixes": lambda: characters(
        N.Sequence([N.NFC(), N.Replace(Regex(r"\s+"), " "), N.Lowercase()]),
        P.Sequence([P.Split(Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True)]),
        end_of_word_suffix="</w>"),
    # A word is an id, known or not.
    "scripts": lambda: words(P.UnicodeScripts()),
    "scripts-words": lambda: words(P.Sequence([P.WhitespaceSplit(), P.UnicodeScripts()])),
    "added": lambda: with_added(byte_level(P.ByteLevel(add_prefix_space=False))),
    "added-lower": lambda: with_added(characters(N.Lowercase(), P.WhitespaceSplit())),
    "unigram": lambda: unigram(N.NFKC(), P.Metaspace(), D.Metaspace()),
    "unigram-whole": lambda: unigram(N.Sequence([N.NFKD(), N.StripAccents(), N.Strip()]), P.Metaspace(split=False), LLAMA),
    "bert": lambda: word_piece(lowercase=True),
    "bert-cased": lambda: word_piece(lowercase=False, strip_accents=False),
    "bert-plain": lambda: word_piece(lowercase=True, handle_chinese_chars=False, clean_text=False),
    "words": lambda: words(P.Whitespace()),
    "delimiter": lambda: words(P.CharDelimiterSplit(" ")),
}  # fmt: skip
for behaviour in "removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous":
    for invert in False, True:
        KINDS[f"{behaviour}-{invert}"] = lambda behaviour=behaviour, invert=invert: characters(
            N.NFD(), P.Split(Regex(r"\d|[aeiou]|\s\s?"), behaviour, invert=invert)
        )

FILES = sys.argv[3:]


def check(name, tokenizer, path, texts):
    results = encode(sys.argv[1], path, [text.encode() for text in texts])
    for text, result, expected in zip(texts, results, tokenizer.encode_batch(texts, add_special_tokens=False)):
        ids = result["special"]
        if ids != expected.ids:
            at = next((i for i, (a, b) in enumerate(zip(ids, expected.ids)) if a != b), 0)
            found = [tokenizer.id_to_token(id) for id in ids[at : at + 5]]
            sys.exit(f"{name}: {text[:60]!r} has {found} at {at}, expected {expected.tokens[at : at + 5]}")
        if tokenizer.decoder:
            decoded = tokenizer.decode(expected.ids, skip_special_tokens=False)
            if result["decoded"].decode(errors="replace") != decoded:
                sys.exit(f"{name}: {result['decoded'][:200]} is decoded, expected {decoded[:100]!r}")
    for result, expected in zip(encode(sys.argv[1], path, [b"", b"a b"]), tokenizer.encode_batch(["", "a b"])):
        assert result["ids"] == expected.ids, (name, result, expected.ids)
    print(name, len(texts), "texts")


texts = make_texts(random.Random(1))
for name, make in KINDS.items() if not FILES else []:
    tokenizer = make()
    path = os.path.join(sys.argv[2], name + ".json")
    tokenizer.save(path)
    check(name, tokenizer, path, texts)
for path in FILES:
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    check("file", tokenizer, path, texts)
