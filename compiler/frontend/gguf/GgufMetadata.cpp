//===- GgufMetadata.cpp - The key-value section of a GGUF file --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufMetadata.h"
#include "llvm/Support/ErrorHandling.h"
#include <limits>
#include <type_traits>

using namespace llvm;

namespace quipu {
namespace {

/// GGUF's codes of value types.
enum class ValueType : uint32_t {
  UInt8,
  Int8,
  UInt16,
  Int16,
  UInt32,
  Int32,
  Float32,
  Bool,
  String,
  Array,
  UInt64,
  Int64,
  Float64
};

/// The type of an array's elements: reals and integers are widened.
template <typename T>
using Widened = std::conditional_t<
    std::is_same_v<T, bool>, bool,
    std::conditional_t<std::is_floating_point_v<T>, double, int64_t>>;

/// Calls `function` with a zero of the C++ type of a number or bool.
template <typename Function>
Expected<MetadataValue> dispatchNumber(ValueType type, Function function) {
  switch (type) {
  case ValueType::UInt8:
    return function(uint8_t());
  case ValueType::Int8:
    return function(int8_t());
  case ValueType::UInt16:
    return function(uint16_t());
  case ValueType::Int16:
    return function(int16_t());
  case ValueType::UInt32:
    return function(uint32_t());
  case ValueType::Int32:
    return function(int32_t());
  case ValueType::Float32:
    return function(float());
  case ValueType::Bool:
    return function(bool());
  case ValueType::UInt64:
    return function(uint64_t());
  case ValueType::Int64:
    return function(int64_t());
  case ValueType::Float64:
    return function(double());
  case ValueType::String:
  case ValueType::Array:
    break;
  }
  llvm_unreachable("not the type of a number");
}

Expected<ValueType> readValueType(ByteReader &reader, const Twine &field) {
  Expected<uint32_t> code = reader.read<uint32_t>(field);
  if (!code)
    return code.takeError();
  if (*code > static_cast<uint32_t>(ValueType::Float64))
    return reader.error(field,
                        "type code " + Twine(*code) + ", expected 0 to 12");
  return static_cast<ValueType>(*code);
}

/// Decodes one number; a bool's byte must be 0 or 1.
template <typename T>
Expected<T> decode(ByteReader &reader, StringRef bytes, const Twine &field) {
  if constexpr (std::is_same_v<T, bool>) {
    unsigned byte = static_cast<uint8_t>(bytes.front());
    if (byte > 1)
      return reader.error(field,
                          "bool of value " + Twine(byte) + ", expected 0 or 1");
    return byte == 1;
  } else {
    return support::endian::read<T, endianness::little>(bytes.data());
  }
}

template <typename T>
Expected<MetadataValue> readNumber(ByteReader &reader, const Twine &field) {
  Expected<StringRef> bytes = reader.take(sizeof(T), field);
  if (!bytes)
    return bytes.takeError();
  Expected<T> number = decode<T>(reader, *bytes, field);
  if (!number)
    return number.takeError();
  if constexpr (std::is_same_v<T, uint64_t>)
    if (*number > std::numeric_limits<int64_t>::max())
      return *number;
  return static_cast<Widened<T>>(*number);
}

template <typename T>
Expected<MetadataValue> readNumbers(ByteReader &reader, const Twine &field) {
  Expected<uint64_t> count = reader.readCount(sizeof(T), field + " length");
  if (!count)
    return count.takeError();
  Expected<StringRef> bytes = reader.take(*count * sizeof(T), field);
  if (!bytes)
    return bytes.takeError();
  std::vector<Widened<T>> numbers;
  bool isLarge = false; // for the largest integers, which then are reals
  numbers.reserve(*count);
  for (uint64_t i = 0; i < *count; ++i) {
    Expected<T> number =
        decode<T>(reader, bytes->substr(i * sizeof(T), sizeof(T)), field);
    if (!number)
      return number.takeError();
    isLarge |= std::is_same_v<T, uint64_t> && static_cast<int64_t>(*number) < 0;
    numbers.push_back(static_cast<Widened<T>>(*number));
  }
  if (!isLarge)
    return numbers;
  std::vector<double> reals;
  for (Widened<T> number : numbers)
    reals.push_back(static_cast<double>(static_cast<uint64_t>(number)));
  return reals;
}

Expected<MetadataValue> readStrings(ByteReader &reader, const Twine &field) {
  Expected<uint64_t> count =
      reader.readCount(sizeof(uint64_t), field + " length");
  if (!count)
    return count.takeError();
  std::vector<StringRef> strings;
  strings.reserve(*count);
  for (uint64_t i = 0; i < *count; ++i) {
    Expected<StringRef> string =
        reader.readString(field + " element " + Twine(i));
    if (!string)
      return string.takeError();
    strings.push_back(*string);
  }
  return strings;
}

/// Arrays in arrays: no file has need of more.
constexpr int maxDepth = 8;

Expected<MetadataValue> readArray(ByteReader &reader, const Twine &field,
                                  int depth = 1);

Expected<MetadataValue> readArrays(ByteReader &reader, const Twine &field,
                                   int depth) {
  if (depth == maxDepth)
    return reader.error(field, "arrays in arrays, more than " +
                                   Twine(maxDepth) + " deep");
  // Each has a type and a length.
  Expected<uint64_t> count =
      reader.readCount(sizeof(uint32_t) + sizeof(uint64_t), field + " length");
  if (!count)
    return count.takeError();
  for (uint64_t i = 0; i < *count; ++i)
    if (Expected<MetadataValue> inner =
            readArray(reader, field + " element " + Twine(i), depth + 1);
        !inner)
      return inner.takeError();
  return NestedArray();
}

Expected<MetadataValue> readArray(ByteReader &reader, const Twine &field,
                                  int depth) {
  Expected<ValueType> type = readValueType(reader, field + " element type");
  if (!type)
    return type.takeError();
  if (*type == ValueType::Array)
    return readArrays(reader, field, depth);
  if (*type == ValueType::String)
    return readStrings(reader, field);
  return dispatchNumber(*type, [&](auto zero) {
    return readNumbers<decltype(zero)>(reader, field);
  });
}

Expected<MetadataValue> readValue(ByteReader &reader, const Twine &field) {
  Expected<ValueType> type = readValueType(reader, field + " type");
  if (!type)
    return type.takeError();
  if (*type == ValueType::Array)
    return readArray(reader, field);
  if (*type == ValueType::String) {
    Expected<StringRef> string = reader.readString(field);
    if (!string)
      return string.takeError();
    return *string;
  }
  return dispatchNumber(*type, [&](auto zero) {
    return readNumber<decltype(zero)>(reader, field);
  });
}

} // namespace

Expected<GgufMetadata> readGgufMetadata(ByteReader &reader, uint64_t count) {
  GgufMetadata metadata;
  for (uint64_t i = 0; i < count; ++i) {
    Expected<StringRef> key = reader.readName(65535, "key " + Twine(i));
    if (!key)
      return key.takeError();
    Expected<MetadataValue> value = readValue(reader, "key '" + *key + "'");
    if (!value)
      return value.takeError();
    if (!metadata.try_emplace(*key, std::move(*value)).second)
      return reader.error("key '" + *key + "'",
                          "present twice, expected each key once");
  }
  return metadata;
}

} // namespace quipu
