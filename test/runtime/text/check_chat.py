"""Checks prompts against chat templates of real models.

usage: check_chat.py TOKENIZER-TEST FOLDER
"""

import json
import os
import subprocess
import sys

from tokenizer_files import good, write

tool, folder = sys.argv[1:]
path = os.path.join(folder, "model.gguf")

PLAIN = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# As Qwen2.5 writes it: the message given first, the default after it.
DEFAULT = (
    "{%- if messages[0]['role'] == 'system' %}\n"
    "    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}\n"
    "{%- else %}\n"
    '    {{- "<|im_start|>system\\nIt\'s \\"here\\"\\tto help.<|im_end|>\\n" }}\n'
    "{%- endif %}\n"
) + PLAIN

USER = {"role": "user", "content": "Hi <there>\n"}
SYSTEM = {"role": "system", "content": ""}
SAID = "<|im_start|>user\nHi <there>\n<|im_end|>\n"
OPEN = "<|im_start|>assistant\n"
# It reads roles and end markers that a guess would miss.
OTHER = (
    "{% set names = {'user': 'Human', 'assistant': 'Bot'} %}"
    "{{ bos_token }}{% for m in messages %}{{ '<|' ~ 'im_start' ~ '|>' ~ names[m.role] ~ ': ' ~ "
    "m.content | trim ~ eos_token }}{% endfor %}{% if add_generation_prompt %}{{ OPEN }}{% endif %}"
)

GOOD = [
    (PLAIN, [], OPEN),
    (PLAIN, [USER], SAID + OPEN),
    (PLAIN, [SYSTEM, USER], "<|im_start|>system\n<|im_end|>\n" + SAID + OPEN),
    (DEFAULT, [USER], "<|im_start|>system\nIt's \"here\"\tto help.<|im_end|>\n" + SAID + OPEN),
    (DEFAULT, [SYSTEM], "<|im_start|>system\n<|im_end|>\n" * 2 + OPEN),
    (OTHER, [USER], "<|im_start|><|im_start|>Human: Hi <there><|im_end|>"),
]
RUN = "the model's chat template cannot be run: line {}; use it with plain prompts"
BAD = [
    (None, "the model has no chat template, use it with plain prompts"),
    ("<|im_end|> '<|im_start|>\n\n{{ messages", RUN.format("3: a tag '{{' has no end '}}'")),
    ("\n{% include 'x' %}", RUN.format("2: the tag 'include' is not supported")),
    ("{{ messages | pprint }}", RUN.format("1: the filter 'pprint' is not supported")),
    ("\n{{ raise_exception('no system') }}", "the chat template fails: line 2: the template refuses: no system"),
]


def run(template, messages):
    write(path, good() | {"chat_template": template})
    return subprocess.run(
        [tool, path, "chat"], input=json.dumps(messages), capture_output=True, text=True
    )


for template, messages, expected in GOOD:
    result = json.loads(run(template, messages).stdout)
    assert result["prompt"] == expected, (template, result)
    assert result["closed"] == expected.removesuffix(OPEN), (template, result)
for template, expected in BAD:
    result = run(template, [USER])
    assert (result.returncode, result.stdout) == (1, ""), result
    assert result.stderr == f"quipu: error: {expected}\n", result
print(len(GOOD), "prompts,", len(BAD), "templates refused")

# What a message writes stays text, what the template writes does not.
special = json.loads(run(PLAIN, [USER]).stdout)["ids"][0]
result = json.loads(run(PLAIN, [{"role": "user", "content": "a<|im_start|>b"}]).stdout)
assert (result["ids"].count(special), result["special"].count(special)) == (2, 3), result
assert result["prompt"] == "<|im_start|>user\na<|im_start|>b<|im_end|>\n" + OPEN, result
# A token is not put together of both, but for a plain role.
HALF = "{{ '<|im_' ~ messages[0].content ~ '|>' }}{{ '<|im_' ~ messages[0].role ~ '|>' }}"
for role, count in [("start", 1), ("start|><|im_start", 0)]:
    result = json.loads(run(HALF, [{"role": role, "content": "start"}]).stdout)
    assert result["ids"].count(special) == count, result
print("control tokens in messages are text")
