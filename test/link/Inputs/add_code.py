"""Puts the bitcode of standard input into a module, as @next.halide's.

usage: add_code.py MODULE < BITCODE > MODULE
"""

import sys

with open(sys.argv[1]) as file:
    print(file.read())
# A blob begins with its alignment.
code = (b"\1\0\0\0" + sys.stdin.buffer.read()).hex()
print('{-#\n  dialect_resources: {\n    builtin: {\n      next: "0x%s"\n    }\n  }\n#-}' % code)
