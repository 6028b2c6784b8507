//===- Quantization.h - Which format each tensor gets -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZATION_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZATION_H

#include "compiler/frontend/Checkpoint.h"

namespace quipu {

struct Mix;

/// What `--quantize` asks for: "q4_k_m", "q4_k_m,token_embd=q8_0".
class Quantization {
public:
  static llvm::Expected<Quantization> parse(llvm::StringRef text);

  /// The format of each of the checkpoint's tensors, in their order. An error
  /// when a tensor is quantized in another format already, or a rule does not
  /// suit.
  llvm::Expected<std::vector<const WeightFormat *>>
  choose(const Checkpoint &checkpoint) const;

private:
  /// A tensor in all layers ("attn_v") or by its whole name ("blk.7.attn_v"),
  /// with or without ".weight".
  struct Rule {
    std::string tensor;
    const WeightFormat *format;
  };

  const Mix *mix = nullptr; // null leaves tensors without a rule alone
  std::vector<Rule> rules;  // the last one counts
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZATION_H
