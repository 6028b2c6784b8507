"""tiny_sizes.py FORMAT FILE: a small model's sizes, without weights."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "bench" / "gpu"))
import make_sizes

make_sizes.VOCABULARY = 96
size = dict(hidden=64, ffn=128, layers=2, heads=4, kv_heads=2, head=16, context=64, tied=False)
Path(sys.argv[2]).write_bytes(make_sizes.make("tiny", size, sys.argv[1]))
