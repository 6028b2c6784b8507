"""Tries the Python module with SmolLM2 as a library; prints "ok".

usage: python_module.py LIBRARY SMOL
"""

import gc
import json
import re
import resource
import subprocess
import sys
import threading

import numpy as np

import quipu

library, smol = sys.argv[1:]
PROMPT = "The capital of France is"


def refuses(kind, sentence, call):
    try:
        call()
    except kind as error:
        assert re.search(sentence, str(error)), error
    else:
        raise AssertionError(f"not refused: {sentence}")


program = quipu.Program(library, context=512, sequences=2)
assert program.entries == ["generate", "embed", "hidden"] and program.context == 512
assert program.outputs("embed") == {"embedding": 576} and program.outputs() == {"logits": 49152}

# Text and ids.
tokens = program.tokenize(PROMPT)
assert tokens.dtype == np.int32 and tokens.tolist() == [504, 3575, 282, 4649, 314]
assert program.detokenize(tokens) == PROMPT and program.detokenize([]) == ""
long = "日本 🙂 é " * 500
assert program.detokenize(program.tokenize(long)) == long
assert len(program.tokenize("<|im_end|>")) > 1 and len(program.tokenize("<|im_end|>", special=True)) == 1

# Conversations.
messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi é <|im_end|>"}]
chat = program.chat_tokens(messages)
text = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi é <|im_end|><|im_end|>\n<|im_start|>assistant\n"
assert program.chat_tokens(messages, special=True).tolist() == program.tokenize(text, special=True).tolist()
assert chat.tolist().count(2) == 2
assert len(program.chat_tokens(messages, variables={"add_generation_prompt": False})) < len(chat)
refuses(quipu.Error, "the chat template fails: line 4", lambda: program.chat_tokens([{"role": "user", "content": 5}]))

# Two texts need a tokenizer that joins them, types a number for each token.
refuses(ValueError, "does not say how two texts go together", lambda: program.tokenize_pair("a", "b"))
refuses(ValueError, "types, positions and sequences need a number for each", lambda: program.run(tokens, types=[0]))

# Steps: all rows, some rows, back again, another sequence.
logits = program.step(tokens, last=5)
assert logits.shape == (5, 49152) and logits.dtype == np.float32 and np.isfinite(logits).all()
assert program.length() == 5 and program.cache_bytes > 0
again = program.step(tokens[3:], positions=[3, 4], selected=[1])
assert (again[0] == logits[4]).all()
program.fork(0, 1)
assert program.length(1) == 5
both = program.step([260, 260], sequences=[0, 1], last=2)
assert (both[0] == both[1]).all()
hidden = program.run(tokens, entry="hidden", positions=[0, 1, 2, 3, 4])["hidden"]
assert hidden.shape == (5, 576)
program.reset()
assert program.length() == 0

# Texts are those of the program.
expected = subprocess.run([smol, PROMPT, "-n", "24", "-c", "512"], capture_output=True, text=True, check=True)
expected = expected.stdout[:-1]
assert program.generate(PROMPT, max_tokens=24) == expected
stream = program.generate(PROMPT, max_tokens=24, stream=True)
assert "".join(stream) == expected and len(stream.tokens) == 24 and next(stream, None) is None
drawn = [program.generate(PROMPT, max_tokens=12, temperature=1, top_k=50, seed=seed) for seed in (1, 1, 2)]
assert drawn[0] == drawn[1] != drawn[2]
assert program.generate(tokens, max_tokens=0) == ""
assert re.fullmatch("( yes| no)+!", program.generate(PROMPT, grammar='root ::= (" yes" | " no"){1,4} "!"'))
person = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 3, "maximum": 9}},
          "required": ["age"]}
assert 3 <= json.loads(program.generate("Age as JSON: ", json_schema=person, temperature=1, seed=3))["age"] <= 9

# A stream that is left, and one that runs while others ask.
stream = program.generate(PROMPT, max_tokens=400, stream=True)
next(stream)
refuses(ValueError, "in use", lambda: program.tokenize("x"))
seen = []
other = threading.Thread(target=lambda: seen.append(quipu.Program(library).generate(PROMPT, max_tokens=4)))
other.start()
other.join()
assert expected.startswith(seen[0])
stream.close()
assert program.generate(PROMPT, max_tokens=4) == expected[:len(seen[0])]

# Vectors.
cat, kitten, stocks = program.embed(["a cat", "a kitten", "the stock market fell"])
assert np.allclose(np.linalg.norm(cat), 1, atol=1e-4) and cat @ kitten > cat @ stocks
assert (program.embed("a cat") == cat).all() and program.embed([]).shape == (0, 576)

# What does not fit.
refuses(ValueError, "cannot open the library", lambda: quipu.Program("none.so"))
refuses(ValueError, "cache_type is", lambda: quipu.Program(library, cache_type="f64"))
refuses(ValueError, "no entry 'label'", lambda: program.run(tokens, entry="label"))
refuses(ValueError, "whole numbers", lambda: program.step([0.5]))
refuses(ValueError, "token 49152|49151", lambda: program.step([49152]))
refuses(ValueError, "for each token", lambda: program.step(tokens, positions=[0]))
refuses(ValueError, "no logits, but embedding", lambda: (program.reset(), program.step(tokens, entry="embed")))
refuses(quipu.Error, "", lambda: (program.reset(), program.step([260] * 513)))
refuses(ValueError, "line 1", lambda: program.generate(PROMPT, grammar="root ::= ("))
refuses(ValueError, "'not' is not supported", lambda: program.generate(PROMPT, json_schema={"not": {}}))
refuses(ValueError, "prompt is empty", lambda: program.generate(""))
refuses(ValueError, "no such sequence", lambda: program.length(2))

# Nothing is left behind.
def use():
    with quipu.Program(library, context=128) as short_lived:
        rows = short_lived.step(tokens, last=5)
        stream = short_lived.generate(PROMPT, max_tokens=100, stream=True)
        next(stream)
    return rows.sum()


first = use()
gc.collect()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(10):
    assert use() == first
gc.collect()
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 20000, "memory grows"
refuses(ValueError, "closed", lambda: (program.close(), program.tokenize("x")))
print("ok")
