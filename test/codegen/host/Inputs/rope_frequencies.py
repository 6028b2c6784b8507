"""Writes kernels of rotary angles, and checks the tables they are lowered to.

The formulas are those of transformers/modeling_rope_utils.py (llama3, yarn) and
of the papers it cites.
"""

import re
import sys

import numpy as np

# dims, theta, scaling
cases = [
    (64, 10000.0, {}),
    (64, 500000.0, {"type": "none"}),
    (128, 10000.0, {"type": "linear", "factor": 4.0}),
    (128, 500000.0, {"type": "llama3", "factor": 8.0, "original_context": 8192, "low": 1.0, "high": 4.0}),
    (64, 500000.0, {"type": "llama3", "factor": 32.0, "original_context": 8192, "low": 1.0, "high": 4.0}),
    (128, 1000000.0, {"type": "yarn", "factor": 4.0, "original_context": 32768}),
    (64, 10000.0, {"type": "yarn", "factor": 16.0, "original_context": 4096, "beta_fast": 16.0, "beta_slow": 2.0}),
    (64, 150000.0, {"type": "yarn", "factor": 32.0, "original_context": 4096, "attention": 1.5}),
    (10, 100.0, {"type": "yarn", "factor": 1.0, "original_context": 16}),
    (64, 150000.0, {"type": "yarn", "factor": 32.0, "original_context": 4096, "truncate": 0}),
    (128, 10000.0, {"type": "linear", "factor": 4.0, "attention": 0.5}),
    (96, 10000.0, {"type": "longrope", "factor": 32.0, "original_context": 4096}),
    (96, 10000.0, {"type": "longrope", "factor": 1.0, "original_context": 4096}),
    (96, 10000.0, {"type": "longrope", "attention": 1.25, "original_context": 4096}),
]
tables = list(cases)
# At run time the length of a sequence comes in.
cases += [
    (64, 10000.0, {"type": "dynamic", "factor": 2.0, "original_context": 512}),
]


def write():
    print('quipu.model @m for ["m"] {')
    print('  quipu.weight @f = "f.weight" : tensor<48xf32, #quipu.floats> packed at 0')
    for number, (dims, theta, scaling) in enumerate(tables):
        fields = ", ".join(
            f'{key} = "{value}"' if key == "type" else f"{key} = {value}"
            for key, value in scaling.items()
        )
        factors = "factors @f : tensor<48xf32> " if scaling.get("type") == "longrope" else ""
        scaling = f"scaling <{fields}> {factors}" if fields else ""
        result = f"tensor<2x{dims // 2}x2xf32>"
        schedule = "schedule #quipu.cpu_angles"
        print(f"  quipu.kernel @k{number}(%at: !quipu.positions) -> {result} {schedule} {{")
        print(f"    %a = quipu.rope_angles %at dims {dims} theta {theta} {scaling}tokens 2 : {result}")
        print(f"    quipu.yield %a : {result}\n  }}")
    print("}")


def expected(dims, theta, scaling):
    inverse = 1 / np.float64(theta) ** (np.arange(0, dims, 2) / dims)
    kind = scaling.get("type", "none")
    factor, context = scaling.get("factor"), scaling.get("original_context")
    if kind in ("none", "dynamic"):
        return inverse, 1
    if kind == "longrope":
        usual = np.sqrt(1 + np.log(factor) / np.log(context)) if factor and factor > 1 else 1
        return inverse, scaling.get("attention", usual)
    if kind == "linear":
        return inverse / factor, scaling.get("attention", 1)
    if kind == "llama3":
        turns = context * inverse / (2 * np.pi)  # in the original context
        smooth = np.clip((turns - scaling["low"]) / (scaling["high"] - scaling["low"]), 0, 1)
        return (1 - smooth) * inverse / factor + smooth * inverse, 1

    def dimension(turns):
        return dims * np.log(context / (turns * 2 * np.pi)) / (2 * np.log(theta))

    low, high = dimension(scaling.get("beta_fast", 32.0)), dimension(scaling.get("beta_slow", 1.0))
    if scaling.get("truncate", 1):
        low, high = np.floor(low), np.ceil(high)
    low, high = max(low, 0), min(high, dims - 1)
    ramp = np.clip((np.arange(dims // 2) - low) / (high - low or 0.001), 0, 1)
    scale = 0.1 * np.log(factor) + 1 if factor > 1 else 1
    return inverse / factor * ramp + inverse * (1 - ramp), scaling.get("attention", scale)


def check(path):
    text = open(path).read()
    for number, (dims, theta, scaling) in enumerate(tables):
        table = re.search(rf'@"?k{number}\.frequencies.*?dense<(.*?)>', text).group(1)
        if table.startswith('"0x'):
            got = np.frombuffer(bytes.fromhex(table[3:-1]), np.float32)
        else:
            got = np.array([float(word) for word in re.findall(r"[^\[\], ]+", table)])
        body = text[re.search(rf"llvm.func @k{number}\(", text).start() :]
        scale = float(re.search(r"constant\(([-+.e0-9]+) : f32\)", body).group(1))
        selected, wanted_scale = expected(dims, theta, scaling)
        assert got.shape == selected.shape, (number, got.shape)
        error = np.abs(got / selected - 1).max()
        assert error < 2e-6, f"case {number}: error {error}"
        assert abs(scale / wanted_scale - 1) < 1e-6, f"case {number}: scale {scale}"
    print(len(tables), "tables as numpy")


if __name__ == "__main__":
    write() if sys.argv[1] == "write" else check(sys.argv[2])
