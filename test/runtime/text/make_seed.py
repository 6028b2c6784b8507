"""Writes the fuzzer's seed. usage: make_seed.py OUTPUT"""

import sys

from tokenizer_files import good, write

write(sys.argv[1], good())
