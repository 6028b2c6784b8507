//===- MergedCheckpoint.cpp - A checkpoint with adapters ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/lora/MergedCheckpoint.h"
#include "compiler/frontend/ChangedCheckpoint.h"
#include "compiler/frontend/ReadNumbers.h"
#include "compiler/frontend/lora/Adapter.h"
#include "compiler/frontend/quantize/QuantizeRow.h"
#include <map>
#include <set>

using namespace llvm;
using namespace quipu;

namespace {
using Updates = std::vector<std::shared_ptr<const LowRankUpdate>>;

/// The rows of a weight with what is added to them.
class MergedRows final : public RowReader {
public:
  MergedRows(const CheckpointTensor &tensor, Updates updates)
      : tensor(tensor), updates(std::move(updates)) {}

  void read(int64_t first, int64_t count, uint8_t *to) const override;

private:
  const CheckpointTensor &tensor;
  Updates updates;
};
} // namespace

/// Adds a row of scale * b * a.
static void addRow(const LowRankUpdate &update, int64_t row,
                   MutableArrayRef<float> numbers) {
  std::vector<float> sum(numbers.size());
  const float *b = &update.b[row * update.rank];
  for (int64_t i = 0; i < update.rank; ++i) {
    const float *a = &update.a[i * update.inputs];
    for (size_t k = 0; k < sum.size(); ++k)
      sum[k] += b[i] * a[k];
  }
  for (size_t k = 0; k < sum.size(); ++k)
    numbers[k] += update.scale * sum[k];
}

void MergedRows::read(int64_t first, int64_t count, uint8_t *to) const {
  int64_t bytes = tensor.getRowBytes();
  std::vector<uint8_t> stored(bytes);
  std::vector<float> numbers(tensor.shape.back());
  for (int64_t row = first; row < first + count; ++row, to += bytes) {
    tensor.readRows(row, 1, stored.data());
    readNumbers(*tensor.format, stored.data(), numbers);
    for (const auto &update : updates)
      addRow(*update, row, numbers);
    quantizeRow(*tensor.format, numbers, to);
  }
}

Expected<std::unique_ptr<Checkpoint>>
quipu::addAdapters(std::unique_ptr<Checkpoint> checkpoint,
                   ArrayRef<std::string> adapters) {
  std::map<std::string, Updates> updates; // by tensor
  for (StringRef text : adapters) {
    Expected<Adapter> adapter = readAdapter(text, *checkpoint);
    if (!adapter)
      return adapter.takeError();
    for (auto &entry : *adapter)
      updates[entry.first().str()].push_back(
          std::make_shared<LowRankUpdate>(std::move(entry.second)));
  }
  std::vector<CheckpointTensor> tensors;
  std::set<std::string> rounded; // formats
  for (const CheckpointTensor &tensor : checkpoint->getTensors()) {
    CheckpointTensor &changed = tensors.emplace_back(tensor);
    auto found = updates.find(tensor.name.str());
    if (found == updates.end())
      continue;
    std::string format(tensor.format->name);
    if (!canQuantizeTo(*tensor.format))
      return createStringError(
          checkpoint->getPath() + ": tensor '" + tensor.name + "': is in " +
          format + ", which cannot be written, expected " +
          getQuantizerNames() + ", as an adapter changes it");
    if (tensor.format->isQuantized())
      rounded.insert(format);
    changed.data = {};
    changed.rows =
        std::make_shared<MergedRows>(tensor, std::move(found->second));
  }
  std::vector<std::string> warnings;
  for (const std::string &format : rounded)
    warnings.push_back("what the adapter adds is rounded to " + format +
                       " with the weights, a second time; the model's F16 or "
                       "BF16 file is more accurate");
  return std::make_unique<ChangedCheckpoint>(
      std::move(checkpoint), std::move(tensors), std::move(warnings));
}
