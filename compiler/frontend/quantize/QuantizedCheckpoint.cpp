//===- QuantizedCheckpoint.cpp - A checkpoint in fewer bits ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/QuantizedCheckpoint.h"
#include "compiler/frontend/ChangedCheckpoint.h"
#include "compiler/frontend/ReadNumbers.h"
#include "compiler/frontend/quantize/Quantization.h"
#include "compiler/frontend/quantize/QuantizeRow.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace quipu;

namespace {
/// The rows of a tensor in another format.
class QuantizedRows final : public RowReader {
public:
  QuantizedRows(const CheckpointTensor &tensor, const WeightFormat &format)
      : tensor(tensor), format(format) {}

  void read(int64_t first, int64_t count, uint8_t *to) const override;

private:
  const CheckpointTensor &tensor;
  const WeightFormat &format;
};
} // namespace

void QuantizedRows::read(int64_t first, int64_t count, uint8_t *to) const {
  int64_t columns = tensor.shape.back();
  std::vector<uint8_t> row(tensor.getRowBytes());
  std::vector<float> numbers(columns);
  for (int64_t i = first; i < first + count; ++i) {
    tensor.readRows(i, 1, row.data());
    readNumbers(*tensor.format, row.data(), numbers);
    quantizeRow(format, numbers, to);
    to += columns / format.blockElements * format.blockBytes;
  }
}

Expected<std::unique_ptr<Checkpoint>>
quipu::quantize(std::unique_ptr<Checkpoint> checkpoint, StringRef text) {
  Expected<Quantization> quantization = Quantization::parse(text);
  if (!quantization)
    return quantization.takeError();
  auto formats = quantization->choose(*checkpoint);
  if (!formats)
    return formats.takeError();
  std::vector<CheckpointTensor> tensors;
  for (auto [tensor, format] : zip_equal(checkpoint->getTensors(), *formats)) {
    CheckpointTensor &changed = tensors.emplace_back(tensor);
    if (format == tensor.format)
      continue;
    changed.format = format;
    changed.data = {};
    changed.rows = std::make_shared<QuantizedRows>(tensor, *format);
  }
  return std::make_unique<ChangedCheckpoint>(std::move(checkpoint),
                                             std::move(tensors));
}
