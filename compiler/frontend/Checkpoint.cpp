//===- Checkpoint.cpp - Weights, sizes and tokenizer of a model -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Checkpoint.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace quipu {

StringRef getName(StorageFormat format) {
  switch (format) {
  case StorageFormat::F32:
    return "F32";
  case StorageFormat::F16:
    return "F16";
  case StorageFormat::BF16:
    return "BF16";
  case StorageFormat::Q8_0:
    return "Q8_0";
  case StorageFormat::Q4_0:
    return "Q4_0";
  case StorageFormat::Q4_1:
    return "Q4_1";
  }
  llvm_unreachable("unknown storage format");
}

int64_t getBlockElements(StorageFormat format) {
  switch (format) {
  case StorageFormat::F32:
  case StorageFormat::F16:
  case StorageFormat::BF16:
    return 1;
  case StorageFormat::Q8_0:
  case StorageFormat::Q4_0:
  case StorageFormat::Q4_1:
    return 32;
  }
  llvm_unreachable("unknown storage format");
}

int64_t getBlockBytes(StorageFormat format) {
  switch (format) {
  case StorageFormat::F32:
    return 4;
  case StorageFormat::F16:
  case StorageFormat::BF16:
    return 2;
  case StorageFormat::Q8_0: // f16 scale, 32 int8
    return 2 + 32;
  case StorageFormat::Q4_0: // f16 scale, 32 nibbles
    return 2 + 16;
  case StorageFormat::Q4_1: // f16 scale, f16 minimum, 32 nibbles
    return 2 + 2 + 16;
  }
  llvm_unreachable("unknown storage format");
}

std::optional<int64_t> Checkpoint::getInteger(StringRef key) const {
  const MetadataValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (const auto *integer = std::get_if<int64_t>(value))
    return *integer;
  return std::nullopt;
}

std::optional<double> Checkpoint::getReal(StringRef key) const {
  const MetadataValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (const auto *real = std::get_if<double>(value))
    return *real;
  if (const auto *integer = std::get_if<int64_t>(value))
    return static_cast<double>(*integer);
  if (const auto *integer = std::get_if<uint64_t>(value))
    return static_cast<double>(*integer);
  return std::nullopt;
}

std::optional<StringRef> Checkpoint::getString(StringRef key) const {
  const MetadataValue *value = find(key);
  if (!value)
    return std::nullopt;
  if (const auto *string = std::get_if<StringRef>(value))
    return *string;
  return std::nullopt;
}

} // namespace quipu
