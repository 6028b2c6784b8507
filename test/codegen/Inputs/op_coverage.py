"""Every op that computes has a kernel for CPUs, one for GPUs or says that there is none, and a reference.

usage: op_coverage.py SOURCE

An op has what a test lowers. Ops are those of docs/dialect.md whose fusion is defined.
"""

import glob
import re
import sys
from types import SimpleNamespace


REFUSAL = "GPUs have no kernel of it"


def read_kernels(pattern):
    """The ops that tests lower, and those that are refused."""
    lowered, refused, last = set(), set(), ""
    for path in glob.glob(pattern):
        with open(path) as file:
            for line in file:
                for op in re.findall(r"= quipu\.(\w+)", line):
                    if "expected-error" not in last:
                        lowered.add(op)
                    elif "have no kernel for" in last:
                        refused.add(op)
                last = line
    return lowered, refused


def read_coverage(source):
    """`ops`, by `texts` of the page; those with `kernels` for CPUs, `devices` for GPUs and
    `references`."""
    with open(f"{source}/docs/dialect.md") as file:
        sections = re.split(r"^### `quipu\.", file.read(), flags=re.M)[1:]
    texts = {section.partition("`")[0]: section for section in sections}
    ops = {op for op, text in texts.items() if "FusionInterface" in text}
    kernels, _ = read_kernels(f"{source}/test/codegen/cpu/lower/*.mlir")
    devices, refused = read_kernels(f"{source}/test/codegen/gpu/lower/*.mlir")
    references, _ = read_kernels(f"{source}/test/codegen/reference/lower-*.mlir")
    return SimpleNamespace(texts=texts, ops=ops, kernels=kernels, devices=devices,
                           refused=refused, references=references)


def main():
    found = read_coverage(sys.argv[1])
    broken = [f"quipu.{op}: no test lowers it for CPUs" for op in found.ops - found.kernels]
    without = {op for op in found.ops if REFUSAL in " ".join(found.texts[op].split())}
    broken += [f"quipu.{op}: no test lowers it for GPUs; if they have no kernel, its description "
               f"says '{REFUSAL}'" for op in found.ops - found.devices - without]
    broken += [f"quipu.{op}: no test sees that GPUs refuse it" for op in without - found.refused]
    broken += [f"quipu.{op}: no test lowers it to the reference"
               for op in found.ops - found.references]
    print("\n".join(sorted(broken)) or f"{len(found.ops)} ops")
    return 1 if broken or not found.ops else 0


if __name__ == "__main__":
    sys.exit(main())
