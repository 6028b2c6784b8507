//===- WriteBlock.h - Blocks as GGUF stores them ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_WRITEBLOCK_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_WRITEBLOCK_H

#include "weights/formats/WeightFormat.h"

namespace quipu {

/// How blocks of a format are written.
struct BlockWriter {
  const WeightFormat *format;
  /// What a group's scale can be; a minimum is from 0 to the same limit. 0 to
  /// 0 where groups have none.
  int lowestGroupScale, highestGroupScale;
  /// The inverse of WeightFormat::readBlock.
  void (*write)(const WeightBlock &block, uint8_t *stored);
};

/// Null for float formats, and for those that cannot be written.
const BlockWriter *findBlockWriter(const WeightFormat &format);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_WRITEBLOCK_H
