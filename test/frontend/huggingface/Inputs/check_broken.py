"""Writes broken folders and checks that each is refused with its own sentence, exit
status 1 and no output.

usage: check_broken.py FOLDER-DUMP QUIPU TEMPORARY-FOLDER
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from folder import CONFIG, HEADS, SHAPES, entries, randomize, write_folder, write_safetensors

dump, quipu, temporary = sys.argv[1:]
temporary = Path(temporary)
PLAIN = randomize(SHAPES)
Q = "model.layers.0.self_attn.q_proj.weight"
NORM = "model.norm.weight"
count = 0


def refuse(name, expected, change=None, config=CONFIG, tensors=PLAIN, dtype="F32", spec=False):
    """`change` breaks a whole folder; a spec sees it only where `spec` says so."""
    global count
    count += 1
    folder = temporary / name
    write_folder(folder, config, tensors, dtype)
    if change:
        change(folder)
    output = temporary / (name + ".out")
    command = [quipu, "build", folder, "--target=reference", "-o", output] if spec else [dump, folder]
    result = subprocess.run(command, capture_output=True, text=True)
    errors = [line for line in result.stderr.splitlines() if "error: " in line]
    whole = result.stderr.count("\n") == 1 or spec
    if (result.returncode != 1 or result.stdout or output.exists() or len(errors) != 1 or not whole
            or expected not in errors[0]):
        sys.exit(f"{name}: exit status {result.returncode}, expected '{expected}':\n"
                 f"{result.stderr}{result.stdout}")
    shutil.rmtree(folder)


def without(key):
    return {name: value for name, value in CONFIG.items() if name != key}


def set_key(expected, **keys):
    refuse(f"key-{'-'.join(keys)}-{count}", expected, config=CONFIG | keys)


def text(name, contents):
    return lambda folder: (folder / name).write_bytes(contents)


def header(edit, data=None):
    """Changes the entries of the safetensors file."""
    def change(folder):
        entry, bytes = entries(PLAIN)
        edited = edit(entry)
        write_safetensors(folder / "model.safetensors", entry if edited is None else edited,
                          bytes if data is None else data(bytes))
    return change


def entry(**fields):
    """Changes the entry of the last tensor in the file, or takes fields away."""
    def edit(header):
        for key, value in fields.items():
            if value is None:
                del header["lm_head.weight"][key]
            else:
                header["lm_head.weight"][key] = value
    return header(edit)


# config.json

refuse("no-config", "config.json: No such file", lambda folder: (folder / "config.json").unlink())
refuse("empty-config", "config.json: broken JSON", text("config.json", b""))
refuse("cut-config", "broken JSON", text("config.json", json.dumps(CONFIG).encode()[:-20]))
refuse("list-config", "expected a JSON object", text("config.json", b"[1, 2]"))
refuse("number-config", "expected a JSON object", text("config.json", b"12"))
refuse("binary-config", "broken JSON", text("config.json", bytes(range(256))))
refuse("not-utf8", "broken JSON", text("config.json", b'{"model_type": "\xff\xfe"}'))
refuse("twice", 'the key "model_type" is there twice',
       text("config.json", b'{"model_type": "llama", "model_type": "qwen2"}'))
refuse("twice-escaped", 'the key "model_type" is there twice',
       text("config.json", b'{"model_type": "llama", "model\\u005ftype": "qwen2"}'))
refuse("deep-lists", "nested more than 64 deep", text("config.json", b'{"x": ' + b"[" * 100000))
refuse("deep-objects", "nested more than 64 deep",
       text("config.json", b'{"x":' * 100000 + b"1" + b"}" * 100000))
refuse("huge-config", "expected at most 16777216", text("config.json", b" " * (17 << 20)))
refuse("folder-config", "is a directory", lambda folder: (
    (folder / "config.json").unlink(), (folder / "config.json").mkdir()))
refuse("no-type", "the key 'model_type' is missing", config=without("model_type"))
set_key("the key 'model_type' is 3", model_type=3)
set_key("the key 'model_type' is \"\"", model_type="")
set_key("there is no 'frobnicate'" if False else "model_type", model_type=["llama"])
set_key("the key 'hidden_act' is \"gelu\", expected \"silu\"", hidden_act="gelu")
set_key("the key 'hidden_act' is 4", hidden_act=4)
set_key("the key 'frobnicate' is true, expected a key that is known", frobnicate=True)
set_key("the key 'frobnicate.depth' is 2", frobnicate={"depth": 2})
set_key("quantization_config", quantization_config={"quant_method": "fp8"})
set_key("expected a number, a word, or a list", hidden_size=[[1, 2], [3]])
set_key("expected a number, a word, or a list", layer_types=["full_attention", 1])
set_key("expected a number, a word, or a list", layer_types=[{"a": 1}])
set_key("what another key says of rope.freq_base", rope_parameters={"rope_theta": 5.0})
set_key("expected a list of numbers", rope_scaling={"type": "longrope", "long_factor": "x"})
set_key("expected a list of numbers", rope_scaling={"type": "longrope", "long_factor": [1, "x"]})
set_key("rows, expected a multiple of the number of heads, 3", num_attention_heads=3)
set_key("expected a multiple of the number of heads", num_attention_heads=0)
set_key("expected a multiple of the number of heads", num_attention_heads=-4)
set_key("expected a multiple of the number of heads", num_attention_heads=10**18)
set_key("expected a multiple of the number of heads", num_attention_heads=1e300)
set_key("expected an even number of them to turn", partial_rotary_factor=1000)
set_key("expected an even number of them to turn", partial_rotary_factor=-0.5)
set_key("expected an even number of them to turn", partial_rotary_factor=0.75)
refuse("infinite", "config.json: ", text("config.json", json.dumps(
    CONFIG | {"rms_norm_eps": 7}).replace(": 7", ": 1e999").encode()))
refuse("not-a-number", "broken JSON", text("config.json", json.dumps(
    CONFIG | {"rms_norm_eps": float("nan")}).encode()))

# generation_config.json

GENERATION = "generation_config.json"


def refuse_generation(expected, contents):
    encoded = contents if isinstance(contents, bytes) else json.dumps(contents).encode()
    refuse(f"generation-{count}", f"{GENERATION}: {expected}", text(GENERATION, encoded))


refuse_generation("broken JSON", b"{")
refuse_generation("[], expected a JSON object", b"[]")
refuse_generation('the key "top_k" is there twice', b'{"top_k": 1, "top_k": 2}')
refuse_generation('the key "do_sample" is 1, expected true or false', {"do_sample": 1})
refuse_generation('the key "temperature" is "hot", expected a number from 0 to 100', {"temperature": "hot"})
refuse_generation('the key "temperature" is -0.5, expected a number', {"temperature": -0.5})
refuse_generation('the key "temperature" is inf, expected a number', b'{"temperature": 1e999}')
refuse_generation('the key "temperature" is true, expected a number', {"temperature": True})
refuse_generation('the key "top_k" is 1.5, expected a whole number from 0 to 2147483647', {"top_k": 1.5})
refuse_generation('the key "top_k" is 4294967296, expected a whole number', {"top_k": 2**32})
refuse_generation('the key "top_p" is 1.01, expected a number from 0 to 1', {"top_p": 1.01})
refuse_generation('the key "min_p" is [0.5], expected a number from 0 to 1', {"min_p": [0.5]})
refuse_generation('the key "repetition_penalty" is 0, expected a number from 0.01 to 100', {"repetition_penalty": 0})
refuse_generation('the key "eos_token_id" is "</s>", expected a token', {"eos_token_id": "</s>"})
refuse_generation('the key "eos_token_id" is [1,[2]], expected a token', {"eos_token_id": [1, [2]]})
refuse_generation("the key \"a\\nb\", expected 1 to 512 printable bytes", {"a\nb": 1})
refuse_generation("17825792 bytes, expected at most 16777216", b" " * (17 << 20))
set_key('config.json: the key "eos_token_id" is "</s>", expected a token', eos_token_id="</s>")
refuse("generation-folder", "is a directory", lambda folder: (folder / GENERATION).mkdir())
refuse("generation-pipe", "is not a regular file", lambda folder: os.mkfifo(folder / GENERATION))
refuse("generation-out", "is a link to /etc/passwd, expected a file in the folder",
       lambda folder: (folder / GENERATION).symlink_to("/etc/passwd"))
refuse("generation-cycle", "Too many levels of symbolic links",
       lambda folder: (folder / GENERATION).symlink_to(GENERATION))
refuse("generation-nowhere", "No such file", lambda folder: (folder / GENERATION).symlink_to("nowhere"))

# model.safetensors

WEIGHTS = "model.safetensors"
refuse("no-weights", "neither model.safetensors nor model.safetensors.index.json",
       lambda folder: (folder / WEIGHTS).unlink())
refuse("empty-weights", "header length: the file ends after 0 bytes", text(WEIGHTS, b""))
refuse("short-length", "header length: the file ends after 5 bytes", text(WEIGHTS, b"12345"))
refuse("cut-header", "header: the file ends after", text(WEIGHTS, b"\xff\0\0\0\0\0\0\0{}"))
refuse("huge-header", "expected at most 100000000", text(WEIGHTS, b"\xff" * 8 + b"{}"))
refuse("no-json", "header: broken JSON", text(WEIGHTS, b"\x02" + bytes(7) + b"xy"))
refuse("list-header", "expected a JSON object", text(WEIGHTS, b"\x02" + bytes(7) + b"[]"))
refuse("deep-header", "nested more than 64 deep",
       lambda folder: write_safetensors(folder / WEIGHTS, b'{"x": ' + b"[" * 10000, b""))
refuse("same-name", "is there twice", lambda folder: write_safetensors(
    folder / WEIGHTS, b'{"w": {"dtype": "F32"}, "w": {"dtype": "F32"}}', b""))
refuse("no-object", "tensor 'w': 3, expected an object", header(lambda header: {"w": 3}))
refuse("control", "expected 1 to 512 printable bytes", header(lambda header: {"a\nb": {}}))
refuse("empty-name", "expected 1 to 512 printable bytes", header(lambda header: {"": {}}))
refuse("long-name", "expected 1 to 512 printable bytes", header(lambda header: {"x" * 600: {}}))
refuse("no-dtype", "the dtype is missing", entry(dtype=None))
refuse("bad-dtype", 'the dtype is "F31"', entry(dtype="F31"))
refuse("dtype-number", "the dtype is 32", entry(dtype=32))
refuse("no-shape", "the shape is missing", entry(shape=None))
refuse("shape-word", 'the shape is "16x8"', entry(shape="16x8"))
refuse("shape-negative", "the shape has -16, expected sizes from 1", entry(shape=[-16, -8]))
refuse("shape-zero", "the shape has 0, expected sizes from 1", entry(shape=[0, 8]))
refuse("shape-real", "the shape has 0.5", entry(shape=[0.5, 256]))
refuse("shape-deep", "expected a list of at most 8 sizes", entry(shape=[1] * 9))
refuse("shape-overflow", "overflows", entry(shape=[2**40, 2**40]))
refuse("shape-huge", "expected 2305843009213693952 numbers of 4 bytes", entry(shape=[2**61]))
refuse("shape-other", "expected 64 numbers of 4 bytes", entry(shape=[8, 8]))
refuse("no-offsets", "data_offsets is missing", entry(data_offsets=None))
refuse("one-offset", "data_offsets is [4]", entry(data_offsets=[4]))
refuse("turned-offsets", "data_offsets is [8,4]", entry(data_offsets=[8, 4]))
refuse("negative-offsets", "data_offsets is [-512,0]", entry(data_offsets=[-512, 0]))
refuse("offset-words", 'data_offsets is ["0","512"]', entry(data_offsets=["0", "512"]))
refuse("huge-offsets", "data_offsets is", entry(data_offsets=[2**63 - 512, 2**63]))
refuse("hole", "its data begins at byte", entry(data_offsets=[10**6, 10**6 + 512]))
refuse("overlap", "its data begins at byte", entry(data_offsets=[4, 516]))
refuse("same-data", "its data begins at byte 0", entry(data_offsets=[0, 512]))
refuse("cut-data", "bytes behind the header", header(lambda header: None, lambda data: data[:-1]))
refuse("more-data", "bytes behind the header", header(lambda header: None, lambda data: data + b"x"))
refuse("f8", "the dtype is F8_E4M3, expected F32, F16 or BF16", header(
    lambda header: header["lm_head.weight"].update(dtype="F8_E4M3", shape=[32, 16])))
refuse("integers", "the dtype is I64, expected F32, F16 or BF16", header(
    lambda header: header["lm_head.weight"].update(dtype="I64", shape=[16, 4])))
refuse("pipe", "is not a regular file", lambda folder: (
    (folder / WEIGHTS).unlink(), os.mkfifo(folder / WEIGHTS)))


# Links

def link(name, target):
    def change(folder):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
    return change


(temporary / "elsewhere").write_text("{}")
refuse("link-out", "is a link to", link("config.json", "../elsewhere"))
refuse("link-root", "is a link to /etc/passwd, expected a file in the folder", link(WEIGHTS, "/etc/passwd"))
refuse("link-cycle", "Too many levels of symbolic links", link(WEIGHTS, WEIGHTS))
refuse("link-nowhere", "No such file", link(WEIGHTS, "nowhere"))
refuse("link-device", "is a link to /dev/zero", link(WEIGHTS, "/dev/zero"))


# Several files

def shard(edit=lambda index: None, extra=None, lost=None):
    """Two files and their index, which `edit` changes."""
    def change(folder):
        (folder / WEIGHTS).unlink()
        names = list(PLAIN)
        index = {}
        for number, part in enumerate([names[:5], names[5:]], 1):
            file = f"model-0000{number}-of-00002.safetensors"
            tensors = {name: PLAIN[name] for name in part if name != lost}
            write_safetensors(folder / file, *entries(tensors | (extra or {})))
            index |= {name: file for name in part}
        index = {"metadata": {"total_size": 1}, "weight_map": index}
        edited = edit(index)
        (folder / "model.safetensors.index.json").write_text(
            json.dumps(index if edited is None else edited))
    return change


def move(name, file):
    return shard(lambda index: index["weight_map"].update({name: file}))


write_folder(temporary / "shards")
shard()(temporary / "shards")
subprocess.run([dump, temporary / "shards"], check=True, stdout=subprocess.DEVNULL)
refuse("no-map", "the key 'weight_map' is missing", shard(lambda index: {}))
refuse("map-list", "the key 'weight_map' is [1]", shard(lambda index: {"weight_map": [1]}))
refuse("map-empty", "expected the file of each tensor", shard(lambda index: {"weight_map": {}}))
refuse("map-number", "the file of the tensor", move(Q, 3))
refuse("map-up", "expected a .safetensors file of the folder", move(Q, "../x.safetensors"))
refuse("map-root", "expected a .safetensors file of the folder", move(Q, "/x.safetensors"))
refuse("map-other", "expected a .safetensors file of the folder", move(Q, "config.json"))
refuse("map-dots", "expected a .safetensors file of the folder", move(Q, ".."))
refuse("map-control", "expected 1 to 512 printable bytes", move("a\x01", "x.safetensors"))
refuse("shard-missing", "model-00003-of-00003.safetensors: No such file",
       move(Q, "model-00003-of-00003.safetensors"))
refuse("shard-other", f"tensor '{Q}': ", move(Q, "model-00002-of-00002.safetensors"))
refuse("shard-lost", f"tensor '{Q}': missing", shard(lost=Q))
refuse("shard-extra", "tensor 'more': not in", shard(extra={"more": np.ones(4, np.float32)}))
refuse("shard-both", f"tensor '{NORM}': not in", shard(extra={NORM: PLAIN[NORM]}))
refuse("index-broken", "index.json: broken JSON", lambda folder: (
    shard()(folder), text("model.safetensors.index.json", b"{")(folder)))

# Tensors that do not fit each other

MIXTRAL = CONFIG | {"model_type": "mixtral", "num_local_experts": 3, "num_experts_per_tok": 2}


def expert(i, w="w1"):
    return f"model.layers.0.block_sparse_moe.experts.{i}.{w}.weight"


def experts(shapes):
    return PLAIN | randomize(shapes)


refuse("expert-missing", "there is no number 1 of 'blk.0.ffn_gate_exps.weight'",
       config=MIXTRAL, tensors=experts({expert(0): (12, 8), expert(2): (12, 8)}))
refuse("expert-shape", "has another shape or dtype",
       config=MIXTRAL, tensors=experts({expert(0): (12, 8), expert(1): (8, 12)}))
refuse("expert-huge", "there is no number 1 of",
       config=MIXTRAL, tensors=experts({expert(0): (12, 8), expert(2**31 - 1): (12, 8)}))
refuse("expert-twice", "is there twice", config=MIXTRAL,
       tensors=experts({expert(0): (12, 8), expert("00"): (12, 8)}))
refuse("name-twice", "expected one of them", tensors=PLAIN | {
    "norm.weight": PLAIN[NORM]})
refuse("untied", "no tensor is 'output.weight', expected one, as the key 'tie_word_embeddings'",
       tensors={name: array for name, array in PLAIN.items() if name != "lm_head.weight"})
refuse("plus-matrix", "has 2 dimensions, expected a vector",
       config=CONFIG | {"model_type": "gemma2", "hidden_act": "gelu_pytorch_tanh"},
       tensors=PLAIN | {NORM: PLAIN["lm_head.weight"]})
OSS = CONFIG | {"model_type": "gpt_oss"}
GATE_UP = "model.layers.0.mlp.experts.gate_up_proj"
refuse("transposed-vector", "expected a stack of matrices", config=OSS,
       tensors=PLAIN | randomize({GATE_UP: (6,)}))
refuse("transposed-odd", "has 5 outputs, expected a multiple of 2", config=OSS,
       tensors=PLAIN | randomize({GATE_UP: (2, 4, 5)}))

KV_B = "model.layers.0.self_attn.kv_b_proj.weight"
LATENT = CONFIG | {"model_type": "deepseek_v3", "scoring_func": "sigmoid", "qk_nope_head_dim": 3, "v_head_dim": 2}
for shape in (6 * HEADS, 4), (5 * HEADS - 1, 4), (5 * HEADS,), (HEADS, 5, 4):
    refuse("matrices-" + "x".join(map(str, shape)), f"is no matrix of {HEADS} times 5 rows", config=LATENT,
           tensors=PLAIN | randomize({KV_B: shape}))
refuse("matrices-size", "is no matrix of", config=LATENT | {"v_head_dim": -2},
       tensors=PLAIN | randomize({KV_B: (5 * HEADS, 4)}))

BLOCKS, SCALES = (f"model.layers.0.mlp.experts.down_proj_{part}" for part in ("blocks", "scales"))


def refuse_mxfp4(name, expected, blocks=(2, 4, 1, 16), scales=(2, 4, 1), more={}):
    refuse(name, expected, config=OSS, tensors=PLAIN | more | {
        tensor: np.zeros(shape, np.uint8) for tensor, shape in [(BLOCKS, blocks), (SCALES, scales)] if shape})


refuse_mxfp4("mxfp4-alone", "there are no scales of 'blk.0.ffn_down_exps.weight' beside it", scales=None)
refuse_mxfp4("mxfp4-scales", "there are no blocks of 'blk.0.ffn_down_exps.weight' beside it", blocks=None)
refuse_mxfp4("mxfp4-rank", "is no U8 [experts, rows, blocks, 16]", blocks=(2, 4, 16))
refuse_mxfp4("mxfp4-block", "is no U8 [experts, rows, blocks, 16]", blocks=(2, 4, 1, 8))
refuse_mxfp4("mxfp4-few", "is no U8 with a scale for each block", scales=(2, 4, 2))
refuse_mxfp4("mxfp4-both", "expected one of them", more=randomize({BLOCKS.removesuffix("_blocks"): (2, 8, 4)}))
refuse_mxfp4("mxfp4-plain", "is no U8 [experts, rows, blocks, 16]", blocks=None,
             more=randomize({BLOCKS: (2, 4, 1, 16)}))
refuse("mxfp4-method", "expected \"mxfp4\"", config=OSS | {"quantization_config": {"quant_method": "awq"}})

# Names that a user wrote

def refuse_names(name, expected, names):
    global count
    count += 1
    folder = temporary / name
    write_folder(folder)
    file = temporary / (name + ".json")
    file.write_text(names if isinstance(names, str) else json.dumps(names))
    result = subprocess.run([dump, folder, file], capture_output=True, text=True)
    if (result.returncode != 1 or result.stdout or result.stderr.count("\n") != 1
            or f"quipu: error: {file}: {expected}" not in result.stderr):
        sys.exit(f"{name}: expected '{expected}':\n{result.stderr}")


refuse_names("names-broken", "broken JSON", "{")
refuse_names("names-list", "[], expected a JSON object", [])
refuse_names("names-section", 'the section "tensor" is unknown', {"tensor": {}})
for section, wrong in {
    "pairs": "both", "harmless": [1], "prefixes": "model.", "keys": {"a": 1}, "words": {"a": {"b": 2}},
    "off": {"a": "b"}, "expected": {"a": 1}, "computed": {"a": "b"}, "nested": {"a": [[]]},
    "tensors": {"a": {"every": 2}}, "defaults": [], "sampling": {"a": 1}, "sampling harmless": {}, "sampling neutral": {"a": 1},
}.items():
    refuse_names(f"names-{section}", f'the section "{section}" is ', {section: wrong})
for how in ["every", 0], ["every", 1.5], ["from", 1], ["plus", "1"], ["heads", 2], ["transposed", 1], ["mxfp4", "both"], \
        ["matrices", "a"], ["rows", ["a"]], ["part", 0], ["other", 1]:
    refuse_names(f"names-{how[0]}-{how[1]}", 'the section "tensors" is ',
                 {"tensors": {"a": {"name": "b", how[0]: how[1]}}})

# What only a spec can tell

refuse("family", "there is no spec for the family 'frobnicate'", spec=True,
       config=CONFIG | {"model_type": "frobnicate"})
refuse("size-missing", 'the key "llama.embedding_length" is missing', config=without("hidden_size"), spec=True)
refuse("size-word", "error: ", config=CONFIG | {"hidden_size": "eight"}, spec=True)
refuse("layers-huge", "a positive integer of at most 65536", config=CONFIG | {"num_hidden_layers": 2**62}, spec=True)
refuse("layers-none", "the number of layers is 0", config=CONFIG | {"num_hidden_layers": 0}, spec=True)
refuse("tensor-missing", 'the tensor "blk.0.attn_v.weight" is missing', spec=True,
       tensors={name: array for name, array in PLAIN.items() if "v_proj" not in name})
refuse("tensor-extra", 'the tensor "model.layers.0.more.weight" is in the checkpoint', spec=True,
       tensors=PLAIN | {"model.layers.0.more.weight": PLAIN[NORM]})
# What the spec does not compute comes before what it misses.
refuse("tensor-other", 'the tensor "model.layers.0.mlp.other.weight" is in the checkpoint', spec=True,
       tensors={name.replace("up_proj", "other"): array for name, array in PLAIN.items()})
refuse("layer-extra", 'the tensor "blk.7.attn_norm.weight" is in the checkpoint', spec=True,
       tensors=PLAIN | {"model.layers.7.input_layernorm.weight": PLAIN[NORM]})
refuse("misshapen", "error: ", spec=True, tensors=PLAIN | {
    "model.layers.0.mlp.up_proj.weight": np.ones((11, 8), np.float32)})
refuse("turned", "error: ", spec=True, tensors=PLAIN | {
    "model.layers.0.mlp.up_proj.weight": np.ones((8, 12), np.float32)})
refuse("scaling", "llama.rope.scaling.yarn_mscale", spec=True, config=CONFIG | {"rope_scaling": {
    "type": "yarn", "factor": 2.0, "mscale": 0.7}})
refuse("unknown-scaling", "error: ", spec=True, config=CONFIG | {"rope_scaling": {"type": "spiral", "factor": 2.0}})
refuse("window", 'the key "qwen2.attention.sliding_window" is in the checkpoint', spec=True,
       config=CONFIG | {"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 4},
       tensors=PLAIN)
refuse("layer-types", 'the key "llama.layer_types" is in the checkpoint', spec=True,
       config=CONFIG | {"layer_types": ["sliding_attention"]})

print(count, "broken folders refused")
