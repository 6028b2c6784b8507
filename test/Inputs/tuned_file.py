"""Prints a file of tuned schedules for the tiny Llama of make_llama.py.

usage: tuned_file.py PROCESSOR LANES [FIELD=VALUE...]

FIELD=VALUE changes or adds a field of the file's only kernel, ^FIELD=VALUE of the
file; VALUE is JSON. Without =VALUE, the field is missing.
"""

import json
import sys

kernel = {"shape": "64x64xq4_1", "tokens": 128, "schedule": "#quipu.cpu_tiles<lanes = 16, tokens = 8, tiles = 1, panel = true>",
          "nanoseconds": 90, "untuned_nanoseconds": 100}
file = {"processor": sys.argv[1], "lanes": int(sys.argv[2]), "compiler": "quipu", "kernels": [kernel]}
for edit in sys.argv[3:]:
    name, _, value = edit.lstrip("^").partition("=")
    fields = file if edit.startswith("^") else kernel
    if value:
        fields[name] = json.loads(value)
    else:
        del fields[name]
print(json.dumps(file))
