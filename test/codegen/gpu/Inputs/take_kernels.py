"""Leaves kernels out of a program's PTX.

usage: take_kernels.py PATTERN < PTX

Prints those whose names the pattern matches, and what stands before the first.
"""

import re
import sys

head, *kernels = re.split(r"^(?=\.visible \.entry )", sys.stdin.read(), flags=re.M)
print(head, *(kernel for kernel in kernels if re.search(sys.argv[1], kernel.split("(")[0])), sep="")
