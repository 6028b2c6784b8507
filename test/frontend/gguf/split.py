"""Splits a GGUF file as llama.cpp's gguf-split does.

usage: split.py MODEL.gguf NAME PARTS [--twice] [--tensors N]

Writes NAME-00001-of-0000N.gguf and so on; the first has the metadata. `--twice`
repeats a tensor of the first part in the second, `--tensors` says another number.
"""

import argparse

import gguf

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("name")
parser.add_argument("parts", type=int)
parser.add_argument("--twice", action="store_true")
parser.add_argument("--tensors", type=int)
args = parser.parse_args()

reader = gguf.GGUFReader(args.model)
tensors = reader.tensors
family = reader.fields["general.architecture"].contents()
each = -(-len(tensors) // args.parts)
for number in range(args.parts):
    part = tensors[number * each:(number + 1) * each]
    if args.twice and number == 1:
        part = [tensors[0], *part]
    path = f"{args.name}-{number + 1:05}-of-{args.parts:05}.gguf"
    writer = gguf.GGUFWriter(path, family)
    if number:
        del writer.kv_data[0]["general.architecture"]
    writer.add_uint16("split.no", number)
    writer.add_uint16("split.count", args.parts)
    writer.add_int32("split.tensors.count", args.tensors or len(tensors))
    for key, field in reader.fields.items():
        if number == 0 and not key.startswith(("GGUF.", "general.architecture")):
            writer.add_key_value(key, field.contents(), field.types[0],
                                 field.types[-1] if len(field.types) > 1 else None)
    for tensor in part:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
