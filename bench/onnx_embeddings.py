"""Embeds the lines of a file by a BERT of onnxruntime, whose graph is written here.

usage: onnx_embeddings.py FOLDER THREADS BATCH OUT TEXTS

Texts of similar length are padded and run together, BATCH at a time. Prints how many seconds
tokenizing and embedding took, and writes the vectors to OUT, f32, in the order of the lines.
Runs in the environment of peers.onnxruntime().
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer


def read_safetensors(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[8 + size + begin : 8 + size + end], np.float32).reshape(entry["shape"])
    return tensors


class Graph:
    def __init__(self, tensors):
        self.tensors, self.nodes, self.weights = tensors, [], {}

    def op(self, kind, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, name, array):
        self.weights.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name, transposed=False):
        array = self.tensors[name]
        return self.constant(name, array.T if transposed else array)

    def linear(self, x, name):
        product = self.op("MatMul", x, self.weight(f"{name}.weight", transposed=True))
        return self.op("Add", product, self.weight(f"{name}.bias"))

    def norm(self, x, name, epsilon):
        return self.op("LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"),
                       axis=-1, epsilon=epsilon)


def make_bert(folder):
    config = json.loads((folder / "config.json").read_text())
    g = Graph(read_safetensors(folder / "model.safetensors"))
    heads, hidden, eps = config["num_attention_heads"], config["hidden_size"], config["layer_norm_eps"]
    f32 = lambda value: np.array(value, np.float32)
    shape = g.constant("shape", np.array([0, 0, heads, hidden // heads], np.int64))
    flat = g.constant("flat", np.array([0, 0, hidden], np.int64))
    words = g.op("Gather", g.weight("embeddings.word_embeddings.weight"), "ids")
    places = g.op("Gather", g.weight("embeddings.position_embeddings.weight"), "positions")
    types = g.constant("types", g.tensors["embeddings.token_type_embeddings.weight"][0])
    x = g.norm(g.op("Add", g.op("Add", words, places), types), "embeddings.LayerNorm", eps)
    # 0 for a token, -10000 for padding, [batch, 1, 1, tokens].
    hidden_ones = g.op("Mul", g.op("Sub", "mask", g.constant("one", f32(1))), g.constant("large", f32(10000)))
    bias = g.op("Unsqueeze", hidden_ones, g.constant("axes", np.array([1, 2], np.int64)))
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        q, k, v = (g.op("Transpose", g.op("Reshape", g.linear(x, f"{name}.attention.self.{part}"), shape), perm=perm)
                   for part, perm in [("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])])
        scores = g.op("Div", g.op("MatMul", q, k), g.constant("scale", f32((hidden // heads) ** 0.5)))
        shares = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
        mixed = g.op("Reshape", g.op("Transpose", g.op("MatMul", shares, v), perm=[0, 2, 1, 3]), flat)
        x = g.norm(g.op("Add", g.linear(mixed, f"{name}.attention.output.dense"), x),
                   f"{name}.attention.output.LayerNorm", eps)
        up = g.linear(x, f"{name}.intermediate.dense")
        erf = g.op("Erf", g.op("Div", up, g.constant("root", f32(2**0.5))))
        gelu = g.op("Mul", g.op("Mul", up, g.op("Add", erf, g.constant("one", f32(1)))), g.constant("half", f32(0.5)))
        x = g.norm(g.op("Add", g.linear(gelu, f"{name}.output.dense"), x), f"{name}.output.LayerNorm", eps)
    last, first = g.constant("last", np.array([-1], np.int64)), g.constant("first", np.array([1], np.int64))
    rows = g.op("Mul", x, g.op("Unsqueeze", "mask", last))
    mean = g.op("ReduceSum", rows, first, keepdims=0)  # its length does not matter
    length = g.op("ReduceL2", mean, last, keepdims=1)
    g.nodes.append(helper.make_node("Div", [mean, length], ["embedding"]))
    integer = lambda name: helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"])
    graph = helper.make_graph(
        g.nodes, "bert", [integer("ids"), integer("positions"), helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["b", "t"])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["b", hidden])], list(g.weights.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main():
    folder, threads, batch, out, texts = sys.argv[1:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = int(threads), 1
    session = onnxruntime.InferenceSession(make_bert(Path(folder)), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    lines = Path(texts).read_text().splitlines()
    start = time.perf_counter()
    ids = [encoding.ids for encoding in tokenizer.encode_batch(lines)]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    vectors = [None] * len(ids)
    for begin in range(0, len(order), int(batch)):
        part = order[begin : begin + int(batch)]
        width = max(len(ids[i]) for i in part)
        tokens, mask = np.zeros((len(part), width), np.int64), np.zeros((len(part), width), np.float32)
        for row, i in enumerate(part):
            tokens[row, : len(ids[i])] = ids[i]
            mask[row, : len(ids[i])] = 1
        positions = np.tile(np.arange(width), (len(part), 1))
        for i, vector in zip(part, session.run(None, {"ids": tokens, "positions": positions, "mask": mask})[0]):
            vectors[i] = vector
    print(f"{time.perf_counter() - start:.6f}")
    np.array(vectors, np.float32).tofile(out)


main()
