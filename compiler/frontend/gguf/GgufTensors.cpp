//===- GgufTensors.cpp - The tensor section of a GGUF file ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufTensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace quipu {
namespace {

/// What the file says about a tensor; `offset` counts from the data section.
struct Description {
  CheckpointTensor tensor;
  uint64_t offset;
  uint64_t bytes;
};

constexpr uint32_t maximumRank = 4;
constexpr uint64_t maximumNameLength = 64;

std::string getField(StringRef tensorName) {
  return ("tensor '" + tensorName + "'").str();
}

/// ggml's names of its tensor types, by code; "" where a type was removed.
constexpr StringLiteral typeNames[] = {
    "F32",   "F16",   "Q4_0",    "Q4_1",   "",        "",      "Q5_0",
    "Q5_1",  "Q8_0",  "Q8_1",    "Q2_K",   "Q3_K",    "Q4_K",  "Q5_K",
    "Q6_K",  "Q8_K",  "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL",
    "IQ3_S", "IQ2_S", "IQ4_XS",  "I8",     "I16",     "I32",   "I64",
    "F64",   "IQ1_M", "BF16",    "",       "",        "",      "TQ1_0",
    "TQ2_0", "",      "",        "",       "MXFP4",   "NVFP4"};

Expected<const WeightFormat *> readFormat(ByteReader &reader,
                                          const Twine &field) {
  Expected<uint32_t> code = reader.read<uint32_t>(field + " type");
  if (!code)
    return code.takeError();
  if (const WeightFormat *format = findWeightFormat(*code))
    return format;
  StringRef name = *code < std::size(typeNames) ? typeNames[*code] : "";
  return reader.error(
      field,
      (name.empty() ? "type code " + Twine(*code) + " is unknown"
                    : name + " is a format that this version cannot read") +
          ", expected one of " + StringRef(weightFormatNames()) +
          " (re-quantise the file)");
}

/// The dimensions, turned around: the file has the innermost first.
Expected<SmallVector<int64_t, 2>> readShape(ByteReader &reader,
                                            const Twine &field) {
  Expected<uint32_t> rank = reader.read<uint32_t>(field + " rank");
  if (!rank)
    return rank.takeError();
  if (*rank == 0 || *rank > maximumRank)
    return reader.error(field, "rank " + Twine(*rank) + ", expected 1 to " +
                                   Twine(maximumRank));
  SmallVector<int64_t, 2> shape(*rank);
  int64_t elements = 1;
  for (uint32_t i = 0; i < *rank; ++i) {
    Expected<uint64_t> size =
        reader.read<uint64_t>(field + " dimension " + Twine(i));
    if (!size)
      return size.takeError();
    if (*size == 0 || *size > std::numeric_limits<int64_t>::max())
      return reader.error(field,
                          "dimension " + Twine(i) + " is " + Twine(*size) +
                              ", expected 1 to " +
                              Twine(std::numeric_limits<int64_t>::max()));
    shape[*rank - 1 - i] = *size;
    if (MulOverflow(elements, shape[*rank - 1 - i], elements))
      return reader.error(field, "the product of dimensions 0 to " + Twine(i) +
                                     " overflows, expected a signed 64-bit "
                                     "integer");
  }
  // Some writers fill up with dimensions of 1: a matrix or vector is meant.
  if (shape.size() > 2)
    while (shape.size() > 1 && shape.front() == 1)
      shape.erase(shape.begin());
  return shape;
}

/// The bytes of a tensor, whose rows are whole blocks.
Expected<uint64_t> getBytes(const ByteReader &reader,
                            const CheckpointTensor &tensor) {
  uint64_t blockElements = tensor.format->blockElements;
  uint64_t row = tensor.shape.back();
  if (row % blockElements != 0)
    return reader.error(getField(tensor.name),
                        "rows of " + Twine(row) + " elements in format " +
                            StringRef(tensor.format->name) +
                            ", expected a multiple of " + Twine(blockElements));
  uint64_t elements = 1; // Its product fits, see readShape.
  for (int64_t size : tensor.shape)
    elements *= size;
  std::optional<uint64_t> bytes = checkedMulUnsigned<uint64_t>(
      elements / blockElements, tensor.format->blockBytes);
  if (!bytes)
    return reader.error(getField(tensor.name),
                        "the size in bytes of " + Twine(elements) +
                            " elements overflows, expected a 64-bit integer");
  return *bytes;
}

Expected<Description> readDescription(ByteReader &reader, uint64_t index,
                                      uint64_t alignment) {
  Expected<StringRef> name =
      reader.readName(maximumNameLength, "tensor " + Twine(index) + " name");
  if (!name)
    return name.takeError();
  std::string field = getField(*name);
  Expected<SmallVector<int64_t, 2>> shape = readShape(reader, field);
  if (!shape)
    return shape.takeError();
  Expected<const WeightFormat *> format = readFormat(reader, field);
  if (!format)
    return format.takeError();
  Expected<uint64_t> offset = reader.read<uint64_t>(field + " offset");
  if (!offset)
    return offset.takeError();
  if (*offset % alignment != 0)
    return reader.error(field, "offset " + Twine(*offset) +
                                   ", expected a multiple of the alignment " +
                                   Twine(alignment));
  CheckpointTensor tensor{*name, *format, std::move(*shape), {}};
  Expected<uint64_t> bytes = getBytes(reader, tensor);
  if (!bytes)
    return bytes.takeError();
  return Description{std::move(tensor), *offset, *bytes};
}

/// Fails if two tensors have bytes in common; all ends are in the file.
Error checkOverlap(const ByteReader &reader,
                   ArrayRef<Description> descriptions) {
  std::vector<const Description *> byOffset;
  for (const Description &description : descriptions)
    byOffset.push_back(&description);
  llvm::sort(byOffset, [](const Description *a, const Description *b) {
    return std::tie(a->offset, a) < std::tie(b->offset, b);
  });
  for (size_t i = 1; i < byOffset.size(); ++i) {
    const Description &before = *byOffset[i - 1];
    const Description &after = *byOffset[i];
    if (before.offset + before.bytes > after.offset)
      return reader.error(
          getField(after.tensor.name),
          "offset " + Twine(after.offset) + " lies in the data of " +
              getField(before.tensor.name) + ", expected at least " +
              Twine(before.offset + before.bytes));
  }
  return Error::success();
}

/// Gives the tensors their data, which begins where the reader stands.
Error findData(const ByteReader &reader, uint64_t alignment,
               MutableArrayRef<Description> descriptions) {
  uint64_t start = std::min<uint64_t>(alignTo(reader.getPosition(), alignment),
                                      reader.getBytes().size());
  StringRef section = reader.getBytes().substr(start);
  for (Description &description : descriptions) {
    if (description.offset > section.size() ||
        description.bytes > section.size() - description.offset)
      return reader.error(
          getField(description.tensor.name),
          Twine(description.bytes) + " bytes at offset " +
              Twine(description.offset) + ", expected them in the " +
              Twine(section.size()) + " bytes of the file's data section");
    description.tensor.data = arrayRefFromStringRef(
        section.substr(description.offset, description.bytes));
  }
  return checkOverlap(reader, descriptions);
}

} // namespace

Expected<std::vector<CheckpointTensor>> readGgufTensors(ByteReader &reader,
                                                        uint64_t count,
                                                        uint64_t alignment,
                                                        TensorData data) {
  std::vector<Description> descriptions;
  StringSet<> names;
  for (uint64_t i = 0; i < count; ++i) {
    Expected<Description> description = readDescription(reader, i, alignment);
    if (!description)
      return description.takeError();
    StringRef name = description->tensor.name;
    if (!names.insert(name).second)
      return reader.error(getField(name),
                          "present twice, expected each tensor once");
    descriptions.push_back(std::move(*description));
  }

  if (data == TensorData::IsUsed)
    if (Error error = findData(reader, alignment, descriptions))
      return std::move(error);

  std::vector<CheckpointTensor> tensors;
  tensors.reserve(descriptions.size());
  for (Description &description : descriptions)
    tensors.push_back(std::move(description.tensor));
  return tensors;
}

} // namespace quipu
