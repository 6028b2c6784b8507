"""Random tensors in every format of weights, as a checkpoint holds them."""

import gguf
import numpy as np

# Where a block keeps its f16 scale and minimum.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    "IQ4_NL": [0], "IQ4_XS": [0], "MXFP4": [],
}  # fmt: skip
FORMATS = ["F32", "F16", "BF16", *HALVES]


def is_quantized(name):
    return name in HALVES


def block_elements(name):
    return gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]][0]


def make_rows(name, n, k, random, size=1.0):
    """Bytes [n][bytes of a row]; all bits of a block but the scales' are random. The
    numbers are about as large as `size`."""
    kind = gguf.GGMLQuantizationType[name]
    if not is_quantized(name):
        numbers = size * random.standard_normal((n, k)).astype(np.float32)
        return gguf.quantize(numbers, kind).view(np.uint8)
    elements, stored = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (n * k // elements, stored), dtype=np.uint8)
    scales = [random.uniform(-2, 2, len(blocks)) for _ in HALVES[name]]
    write_scales(name, blocks, scales)
    if name == "MXFP4":
        blocks[:, 0] = random.integers(-3, 1, len(blocks)) + int(127 + np.log2(size))
    factor = size / gguf.dequantize(blocks, kind).std()
    write_scales(name, blocks, [factor * scale for scale in scales])
    return blocks.reshape(n, -1)


def write_scales(name, blocks, scales):
    for at, values in zip(HALVES[name], scales):
        blocks[:, at : at + 2] = values.astype(np.float16)[:, None].view(np.uint8)
