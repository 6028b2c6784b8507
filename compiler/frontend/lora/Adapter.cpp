//===- Adapter.cpp - What an adapter adds to weights ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/lora/Adapter.h"
#include "compiler/frontend/ReadNumbers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>

using namespace llvm;
using namespace quipu;

namespace {
struct AdapterPath {
  StringRef path;
  double scale = 1;
};
} // namespace

/// A name that ends like a scale is a name if there is such a file.
static AdapterPath parsePath(StringRef text) {
  auto [path, scale] = text.rsplit('=');
  AdapterPath parsed = {text};
  double number;
  if (!sys::fs::exists(text) && !scale.empty() && to_float(scale, number) &&
      std::isfinite(number))
    parsed = {path, number};
  return parsed;
}

std::vector<std::string> quipu::findAdapterFiles(StringRef text) {
  StringRef path = parsePath(text).path;
  if (!sys::fs::is_directory(path))
    return {path.str()};
  return {(path + "/adapter_config.json").str(),
          (path + "/adapter_model.safetensors").str()};
}

static std::vector<float> readMatrix(const CheckpointTensor &tensor) {
  int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  std::vector<uint8_t> row(tensor.getRowBytes());
  std::vector<float> numbers(rows * columns);
  for (int64_t i = 0; i < rows; ++i) {
    tensor.readRows(i, 1, row.data());
    readNumbers(*tensor.format, row.data(),
                MutableArrayRef(numbers).slice(i * columns, columns));
  }
  return numbers;
}

static std::string printShape(ArrayRef<int64_t> shape) {
  return "[" +
         join(map_range(shape, [](int64_t n) { return std::to_string(n); }),
              ", ") +
         "]";
}

Expected<LowRankUpdate>
quipu::makeUpdate(const Twine &where, const Checkpoint &base, StringRef weight,
                  const CheckpointTensor &a, const CheckpointTensor &b) {
  const CheckpointTensor *changed = base.findTensor(weight);
  if (!changed)
    return createStringError(where + ": the model has no weight '" + weight +
                             "', expected one (is the adapter for another "
                             "model?)");
  if (changed->shape.size() != 2 || a.shape.size() != 2 || b.shape.size() != 2)
    return createStringError(where + ": '" + weight +
                             "' is no matrix, and other weights cannot be "
                             "changed");
  if (a.shape[0] != b.shape[1] || a.shape[1] != changed->shape[1] ||
      b.shape[0] != changed->shape[0])
    return createStringError(
        where + ": the matrices are " + printShape(a.shape) + " and " +
        printShape(b.shape) + ", expected [rank, " + Twine(changed->shape[1]) +
        "] and [" + Twine(changed->shape[0]) + ", rank], as '" + weight +
        "' is " + printShape(changed->shape));
  return LowRankUpdate{b.shape[0], a.shape[1],    a.shape[0],
                       1,          readMatrix(a), readMatrix(b)};
}

Expected<Adapter> quipu::readAdapter(StringRef text, const Checkpoint &base) {
  AdapterPath parsed = parsePath(text);
  Expected<Adapter> adapter = sys::fs::is_directory(parsed.path)
                                  ? readPeftAdapter(parsed.path, base)
                                  : readGgufAdapter(parsed.path, base);
  if (!adapter)
    return adapter.takeError();
  if (adapter->empty())
    return createStringError(parsed.path +
                             ": no tensors, expected those of an adapter");
  for (auto &entry : *adapter) {
    LowRankUpdate &update = entry.second;
    update.scale *= static_cast<float>(parsed.scale);
    auto isFinite = [](float number) { return std::isfinite(number); };
    if (!all_of(update.a, isFinite) || !all_of(update.b, isFinite) ||
        !isFinite(update.scale))
      return createStringError(parsed.path + ": what it adds to '" +
                               entry.first() +
                               "' is not finite, expected numbers");
  }
  return adapter;
}
