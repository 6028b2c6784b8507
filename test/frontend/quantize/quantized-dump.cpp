//===- quantized-dump.cpp - Print what --quantize makes ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: quantized-dump MODEL QUANTIZATION [TENSOR [ADAPTER...]]
//
// Prints the name and format of each tensor, or one tensor's bytes. For names
// and formats the model needs no weights.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Checkpoint.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

int main(int argc, char **argv) {
  if (argc < 3) {
    errs() << "usage: quantized-dump MODEL QUANTIZATION [TENSOR "
              "[ADAPTER...]]\n";
    return 2;
  }
  Expected<std::unique_ptr<Checkpoint>> opened = openCheckpoint(
      argv[1], argc > 3 ? TensorData::IsUsed : TensorData::IsUnused, argv[2],
      std::vector<std::string>(argv + std::min(argc, 4), argv + argc));
  if (!opened) {
    errs() << "quipu: error: " << toString(opened.takeError()) << '\n';
    return 1;
  }
  if (argc == 3) {
    for (const CheckpointTensor &tensor : (*opened)->getTensors())
      outs() << tensor.name << ' ' << StringRef(tensor.format->name) << '\n';
    return 0;
  }
  const CheckpointTensor *tensor = (*opened)->findTensor(argv[3]);
  if (!tensor) {
    errs() << "quipu: error: there is no tensor " << argv[3] << '\n';
    return 1;
  }
  int64_t rows = 1;
  for (int64_t size : ArrayRef(tensor->shape).drop_back())
    rows *= size;
  std::vector<uint8_t> bytes(rows * tensor->getRowBytes());
  tensor->readRows(0, rows, bytes.data());
  outs() << toStringRef(bytes);
}
