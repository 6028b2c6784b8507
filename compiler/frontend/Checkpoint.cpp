//===- Checkpoint.cpp - Weights, sizes and tokenizer of a model -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Checkpoint.h"

using namespace llvm;

namespace quipu {

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
