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

GOOD = [
    (PLAIN, [], OPEN),
    (PLAIN, [USER], SAID + OPEN),
    (PLAIN, [SYSTEM, USER], "<|im_start|>system\n<|im_end|>\n" + SAID + OPEN),
    (DEFAULT, [USER], "<|im_start|>system\nIt's \"here\"\tto help.<|im_end|>\n" + SAID + OPEN),
    (DEFAULT, [SYSTEM, USER], "<|im_start|>system\n<|im_end|>\n" + SAID + OPEN),
    # Cut off within a literal: no default, no crash.
    ("<|im_end|> '<|im_start|>system\\nYou are\\", [USER], SAID + OPEN),
]
OTHER = "the model's chat template is not ChatML (<|im_start|>role, content, <|im_end|>), use it with plain prompts"
BAD = [
    (None, "the model has no chat template, use it with plain prompts"),
    ("[INST] {{ messages[0].content }} [/INST]", OTHER),
    ("<|im_start|>", OTHER),
    ("{{ '<|im_start|>' + role + '<|im_sep|>' + content + '<|im_end|>' }}", OTHER),
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
