//===- Mixes.h - llama.cpp's names for formats together ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_MIXES_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_MIXES_H

#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// Formats by the kind of tensor and its layer: "q4_k_m".
struct Mix;

/// Null if there is none of that name, in any case of letters.
const Mix *findMix(llvm::StringRef name);
/// "f32, ..., q6_k", for messages.
std::string getMixNames();

/// What the choice depends on besides the tensor.
struct MixModel {
  int64_t layers, experts;
  int64_t queryHeads; // for each head of keys
  bool hasOutput;     // and not the embedding table in its place
  std::vector<llvm::StringRef> values; // the tensors like attn_v, by layer

  explicit MixModel(const Checkpoint &checkpoint);
};

/// Whether a mix changes the tensor: a matrix, or a stack of them, that is no
/// weight of a norm, router or position.
bool isMixed(const CheckpointTensor &tensor);

/// The format that `llama-quantize` gives the tensor; it fits the rows.
const WeightFormat *getFormat(const Mix &mix, const CheckpointTensor &tensor,
                              const MixModel &model);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_MIXES_H
