//===- Symbols.h - Names between code, weights and runtime ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_SYMBOLS_H
#define QUIPU_ABI_SYMBOLS_H

namespace quipu::abi {

/// The constant of type abi::Program that the runtime starts from.
inline constexpr char programSymbol[] = "quipu_program";
/// The first byte of the packed weights, and the section that they fill.
inline constexpr char weightsSymbol[] = "quipu_weights";
inline constexpr char weightsSection[] = ".quipu.weights";
/// The first byte of the tokenizer's image, see TokenizerImage.h.
inline constexpr char tokenizerSymbol[] = "quipu_tokenizer";

/// Bytes of a huge page. Part of a file becomes one when it lies at a multiple
/// of its size there and in memory, and came to the page cache whole.
inline constexpr unsigned long long hugePage = 2 << 20;

} // namespace quipu::abi

#endif // QUIPU_ABI_SYMBOLS_H
