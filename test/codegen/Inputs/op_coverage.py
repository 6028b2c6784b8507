"""Every op that computes has a kernel for CPUs, one for GPUs, and a reference.

usage: op_coverage.py SOURCE

An op has what a test lowers. Ops are those of docs/dialect.md whose fusion is defined;
forms of an op that kernels of their own compute count as ops.
"""

import glob
import re
import sys
from types import SimpleNamespace

FORMS = {"linear of experts": r"= quipu\.linear .* of %", "linear of heads": r"= quipu\.linear .* of heads ",
         "cache_write of keys": r"= quipu\.cache_write .* values \d+ at ",
         "attention of keys": r"= quipu\.attention .* of keys>"}


def read_kernels(pattern):
    """The ops that tests lower."""
    lowered = set()
    for path in glob.glob(pattern):
        if "errors" in path:
            continue
        with open(path) as file:
            text = file.read()
        lowered.update(re.findall(r"= quipu\.(\w+)", text))
        lowered.update(form for form, regex in FORMS.items() if re.search(regex, text))
    return lowered


def read_coverage(source):
    """`ops`, by `texts` of the page; those with `kernels` for CPUs, `devices` for GPUs and
    `references`."""
    with open(f"{source}/docs/dialect.md") as file:
        sections = re.split(r"^### `quipu\.", file.read(), flags=re.M)[1:]
    texts = {section.partition("`")[0]: section for section in sections}
    return SimpleNamespace(
        texts=texts, ops={op for op, text in texts.items() if "FusionInterface" in text},
        kernels=read_kernels(f"{source}/test/codegen/cpu/lower/*.mlir"),
        devices=read_kernels(f"{source}/test/codegen/gpu/lower/*.mlir"),
        references=read_kernels(f"{source}/test/codegen/reference/lower-*.mlir"))


def main():
    found = read_coverage(sys.argv[1])
    ops = found.ops | set(FORMS)
    broken = [f"quipu.{op}: no test lowers it {where}"
              for where, lowered in [("for CPUs", found.kernels), ("for GPUs", found.devices),
                                     ("to the reference", found.references)]
              for op in ops - lowered]
    print("\n".join(sorted(broken)) or f"{len(ops)} ops and forms")
    return 1 if broken or not found.ops else 0


if __name__ == "__main__":
    sys.exit(main())
