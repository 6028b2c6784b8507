//===- QuantizedCheckpoint.cpp - A checkpoint in fewer bits ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/quantize/QuantizedCheckpoint.h"
#include "compiler/frontend/quantize/Quantization.h"
#include "compiler/frontend/quantize/QuantizeRow.h"
#include "weights/HalfFloats.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

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

static float readNumber(const WeightFormat &format, const uint8_t *from) {
  using namespace support::endian;
  if (&format == &formatF32)
    return bit_cast<float>(read32le(from));
  return &format == &formatF16 ? fromHalf(read16le(from))
                               : fromBFloat(read16le(from));
}

void QuantizedRows::read(int64_t first, int64_t count, uint8_t *to) const {
  int64_t columns = tensor.shape.back();
  std::vector<uint8_t> row(tensor.getRowBytes());
  std::vector<float> numbers(columns);
  for (int64_t i = first; i < first + count; ++i) {
    tensor.readRows(i, 1, row.data());
    for (int64_t k = 0; k < columns; ++k)
      numbers[k] = readNumber(*tensor.format,
                              row.data() + k * tensor.format->blockBytes);
    quantizeRow(format, numbers, to);
    to += columns / format.blockElements * format.blockBytes;
  }
}

QuantizedCheckpoint::QuantizedCheckpoint(std::unique_ptr<Checkpoint> checkpoint,
                                         ArrayRef<const WeightFormat *> formats)
    : original(std::move(checkpoint)) {
  for (auto [tensor, format] : zip_equal(original->getTensors(), formats)) {
    index[tensor.name] = tensors.size();
    tensors.push_back(tensor);
    if (format == tensor.format)
      continue;
    tensors.back().format = format;
    tensors.back().data = {};
    tensors.back().rows = std::make_shared<QuantizedRows>(tensor, *format);
  }
}

const CheckpointTensor *QuantizedCheckpoint::findTensor(StringRef name) const {
  auto entry = index.find(name);
  return entry == index.end() ? nullptr : &tensors[entry->second];
}

Expected<std::unique_ptr<Checkpoint>>
quipu::quantize(std::unique_ptr<Checkpoint> checkpoint, StringRef text) {
  Expected<Quantization> quantization = Quantization::parse(text);
  if (!quantization)
    return quantization.takeError();
  auto formats = quantization->choose(*checkpoint);
  if (!formats)
    return formats.takeError();
  return std::make_unique<QuantizedCheckpoint>(std::move(checkpoint), *formats);
}
