"""Text in, text out: continues a text, or fills in a form, with a compiled model.

usage: complete.py LIBRARY TEXT [TOKENS]
"""

import sys

import quipu

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 30},
                   "age": {"type": "integer", "minimum": 0, "maximum": 150}},
    "required": ["name", "age"],
}


def main(library, text, tokens="64"):
    with quipu.Program(library) as program:
        print(text, end="")
        for part in program.generate(text, max_tokens=int(tokens), stream=True):
            print(part, end="", flush=True)
        print()

        # The next token's probabilities are numpy's.
        program.reset()
        logits = program.step(program.tokenize(text))[0]
        print("next:", *(repr(program.detokenize([token]))
                         for token in logits.argsort()[::-1][:3]))

        print(program.generate(f"{text} As JSON: ", json_schema=PERSON, max_tokens=40))

        if "embed" in program.entries:
            a, b, c = program.embed(["a cat", "a kitten", "the stock market"])
            print("a cat is nearer to a kitten:", bool(a @ b > a @ c))


if len(sys.argv) < 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
