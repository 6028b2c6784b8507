//===- LookupDrafter.h - Drafts from the text itself ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_LOOKUPDRAFTER_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_LOOKUPDRAFTER_H

#include "runtime/generate/speculative/Drafter.h"

namespace quipu {

/// Drafts what followed the text's last tokens where they occurred before:
/// where most of them did, and of such places, at the last one.
class LookupDrafter : public Drafter {
public:
  /// Fewer equal tokens say little about the next one; more than the most add
  /// nothing.
  static constexpr int32_t minEqual = 2, maxEqual = 8;

  std::string draft(const std::vector<int32_t> &text, int32_t most,
                    std::vector<int32_t> &drafted) override;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_LOOKUPDRAFTER_H
