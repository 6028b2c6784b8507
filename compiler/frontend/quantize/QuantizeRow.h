//===- QuantizeRow.h - Numbers as blocks of few bits ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEROW_H
#define QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEROW_H

#include "weights/formats/WeightFormat.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace quipu {

/// Whether `quantizeRow` can write the format: floats, Q*_0, Q*_1 and Q*_K.
bool canQuantizeTo(const WeightFormat &format);
/// "f32, f16, ..., q6_k", for messages.
std::string getQuantizerNames();

/// Writes numbers in a format that can be written. Their count is a multiple of
/// the format's blockElements. Blocks with a number that is not finite become
/// NaN; the same numbers become the same bytes on every machine.
void quantizeRow(const WeightFormat &format, llvm::ArrayRef<float> numbers,
                 uint8_t *to);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_QUANTIZE_QUANTIZEROW_H
