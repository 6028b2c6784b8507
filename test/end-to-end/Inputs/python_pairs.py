"""Tries pairs of texts with the Python module and a BERT as a library.

usage: python_pairs.py QUIPU
"""

import subprocess
import sys

import encoder_files
import numpy as np
from encoder_files import GOLDEN

import quipu

sys.path.insert(0, str(GOLDEN))
import safetensors_file

random = np.random.default_rng(6)
bert = safetensors_file.read(GOLDEN / "bert" / "model.safetensors")
tensors = {f"bert.{name}": tensor for name, tensor in bert.items()}
tensors |= {"classifier.weight": random.normal(size=(2, 64)), "classifier.bias": np.zeros(2)}
tokenizer = encoder_files.make_tokenizer()
folder = encoder_files.make_folder("pairs", tensors, tokenizer, architectures=["BertForSequenceClassification"])
subprocess.run([sys.argv[1], "build", folder, "--lib", "-o", "libpairs.so"], check=True)
program = encoder_files.build(sys.argv[1], "native", folder)

model = quipu.Program("libpairs.so", cache_type="f32")
for first, second in [("a b c", "d e"), ("", "d"), ("a", ""), ("a " * 60, "b " * 60)]:
    tokens, types = model.tokenize_pair(first, second)
    encoding = tokenizer.encode(first, second)
    assert tokens.tolist() == encoding.ids and types.tolist() == encoding.type_ids, (first, second)
tokens, types = model.tokenize_pair("a b c", "d e")
typed, plain = (model.run(tokens, types=given)["classes"][0] for given in [types, None])
assert not np.allclose(typed, plain)
try:
    model.run(tokens, types=types + 1)
    raise AssertionError("not refused")
except ValueError as error:
    assert "token 5's type must be from 0 to 1, not 2" in str(error), (error, types)
result, = encoder_files.run(program, "classify", "a b c", "--pair", "d e")
powers = np.exp(typed - typed.max())
for label in result["labels"]:
    assert abs(label["score"] - (powers / powers.sum())[int(label["label"].removeprefix("LABEL_"))]) < 1e-6, (result, typed)
