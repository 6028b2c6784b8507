"""Folders of small BERTs, with tokenizers, for the tests of encoders' commands."""

import json
import subprocess
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, processors

GOLDEN = Path(__file__).parents[2] / "golden"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        bytes = tensor.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(bytes)]}
        data += bytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def make_tokenizer():
    """Of letters: as of BERT, which PyPI's tokenizers made."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "query", ":", *LETTERS]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def make_folder(name, tensors, tokenizer, **changes):
    folder = Path(name)
    folder.mkdir()
    config = json.loads((GOLDEN / "bert" / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    write(folder / "model.safetensors", tensors)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def build(quipu, target, checkpoint):
    program = f"./{Path(checkpoint).stem}-program"
    subprocess.run([quipu, "build", checkpoint, "--target", target, "-o", program], check=True)
    return program


def run(program, *words, lines=None):
    text = None if lines is None else "".join(json.dumps(line) + "\n" for line in lines)
    result = subprocess.run([program, *words, "--format", "json", "--cache-type", "f32"], input=text,
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{program} {words}: {result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines()]
