//===- Checkpoint.cpp - Weights, sizes and tokenizer of a model -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/gguf/SplitGguf.h"
#include "compiler/frontend/huggingface/HuggingFaceFolder.h"
#include "compiler/frontend/lora/MergedCheckpoint.h"
#include "compiler/frontend/quantize/QuantizedCheckpoint.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cstring>

using namespace llvm;

namespace quipu {

const uint8_t *TensorRows::find(int64_t row) const {
  int64_t inPart = row % rowsOfPart;
  if (headRows) {
    int64_t inHead = inPart % headRows;
    if (inHead < turned)
      inPart += inHead / 2 + inHead % 2 * (turned / 2) - inHead;
  }
  return parts[row / rowsOfPart] + inPart * rowStride;
}

/// A block as GGUF has it: a scale, then numbers 0 to 15 in the low halves of
/// the bytes and 16 to 31 in the high ones. `pairs` holds 2i and 2i + 1 in byte
/// i.
static void readMxfp4Block(uint8_t scale, const uint8_t *pairs, uint8_t *to) {
  auto getNumber = [&](int i) { return pairs[i / 2] >> i % 2 * 4 & 15; };
  *to++ = scale;
  for (int i = 0; i < 16; ++i)
    to[i] = static_cast<uint8_t>(getNumber(i) | getNumber(i + 16) << 4);
}

void TensorRows::read(int64_t first, int64_t count, uint8_t *to) const {
  int64_t step = blockBytes;
  for (int64_t row = first; row < first + count; ++row, to += rowBytes) {
    const uint8_t *from = find(row);
    if (!scales.empty()) {
      const uint8_t *scale = findScales(row);
      for (int64_t at = 0; at < rowBytes; at += step, from += columnStride)
        readMxfp4Block(*scale++, from, to + at);
      continue;
    }
    if (columnStride == step) {
      std::memcpy(to, from, rowBytes);
      continue;
    }
    for (int64_t at = 0; at < rowBytes; at += step, from += columnStride)
      std::memcpy(to + at, from, step);
  }
}

void CheckpointTensor::readRows(int64_t first, int64_t count,
                                uint8_t *to) const {
  int64_t bytes = getRowBytes();
  if (rows)
    rows->read(first, count, to);
  else
    std::memcpy(to, data.data() + first * bytes, count * bytes);
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

/// The folder that a checkpoint of several files at `path` is; none for others.
static std::optional<std::string> findFolder(StringRef path) {
  if (sys::fs::is_directory(path))
    return path.str();
  // Adapters and other weights lie beside the model's.
  StringRef name = sys::path::filename(path);
  bool isWeights =
      name.starts_with("model") && (name.ends_with(".safetensors") ||
                                    name.ends_with(".safetensors.index.json"));
  if (name != "config.json" && !isWeights)
    return std::nullopt;
  StringRef folder = sys::path::parent_path(path);
  return folder.empty() ? "." : folder.str();
}

Expected<std::unique_ptr<Checkpoint>>
openCheckpoint(StringRef path, TensorData data, StringRef quantization,
               ArrayRef<std::string> adapters) {
  std::optional<std::string> folder = findFolder(path);
  Expected<std::unique_ptr<Checkpoint>> checkpoint =
      folder ? openHuggingFaceFolder(*folder, data) : openGguf(path, data);
  if (checkpoint && !adapters.empty())
    checkpoint = addAdapters(std::move(*checkpoint), adapters);
  if (!checkpoint || quantization.empty())
    return checkpoint;
  return quantize(std::move(*checkpoint), quantization);
}

std::vector<std::string> findCheckpointFiles(StringRef path) {
  std::optional<std::string> folder = findFolder(path);
  if (!folder) {
    std::vector<std::string> parts = listGgufParts(path);
    return parts.empty() ? std::vector{path.str()} : parts;
  }
  std::vector<std::string> files;
  std::error_code error;
  for (sys::fs::directory_iterator entry(*folder, error), end;
       !error && entry != end; entry.increment(error))
    files.push_back(entry->path());
  return files;
}

} // namespace quipu
