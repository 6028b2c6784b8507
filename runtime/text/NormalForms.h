//===- NormalForms.h - Unicode normalization --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_NORMALFORMS_H
#define QUIPU_RUNTIME_TEXT_NORMALFORMS_H

#include "abi/TokenizerImage.h"
#include <string>

namespace quipu {

/// Appends a normal form of `text`: characters are decomposed by the step's
/// map (Hangul syllables by computation), marks put in order, and for
/// NormalForm::Composed joined again. TokenizerImage::combining has the
/// combining class of each character; 255 is one of class 0 that changes, or
/// may be joined with the one before it. All others are left alone.
void appendNormalForm(const TokenizerImage &image, const TextStep &step,
                      std::string_view text, std::string &out);

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_NORMALFORMS_H
