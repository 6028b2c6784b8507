//===- ChangedCheckpoint.cpp - A checkpoint with other tensors ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/ChangedCheckpoint.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace quipu;

ChangedCheckpoint::ChangedCheckpoint(std::unique_ptr<Checkpoint> checkpoint,
                                     std::vector<CheckpointTensor> changed,
                                     std::vector<std::string> more)
    : original(std::move(checkpoint)), tensors(std::move(changed)),
      warnings(original->getWarnings()) {
  for (auto [i, tensor] : enumerate(tensors))
    index[tensor.name] = i;
  append_range(warnings, more);
}

const CheckpointTensor *ChangedCheckpoint::findTensor(StringRef name) const {
  auto entry = index.find(name);
  return entry == index.end() ? nullptr : &tensors[entry->second];
}
