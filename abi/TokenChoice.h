//===- TokenChoice.h - How a GPU chooses the next tokens --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The code for a GPU has two functions for each entry that gives logits. They
// run behind a step whose tokens are all selected and of different sequences:
//
//   choose_ENTRY   a block for each `choicePart` logits of a row keeps those
//                  that may be drawn
//   advance_ENTRY  a block for each row draws one of them, and makes it the
//                  step's next token: at the next position, in the page that
//                  the block table has there
//
// Their parameters are those of a kernel: the StepArgs, the number of the
// output that has the logits (i32), and a TokenChoices, all in the device's
// memory. DeviceKernel::grid is for one row: grid[1] is that of the rows.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_TOKENCHOICE_H
#define QUIPU_ABI_TOKENCHOICE_H

#include <cstdint>

namespace quipu::abi {

inline constexpr char chooseFunction[] = "choose_";
inline constexpr char advanceFunction[] = "advance_";

/// Logits of a row that one block looks through.
inline constexpr int32_t choicePart = 2048;
/// The most candidates that a device draws from.
inline constexpr int32_t maxDeviceTopK = 64;
/// The steps whose chosen tokens are kept.
inline constexpr int32_t choiceSteps = 4;

/// How the next token is drawn from logits, and what that remembers of the
/// text. See runtime/generate/Sampler.h, which says what is done.
struct SamplerState {
  static constexpr int32_t window = 64; // of the repeat penalty

  uint64_t random;   // the generator's state
  float temperature; // 0: always the most probable token
  int32_t topK;      // 0: all; a device with a temperature: 1 ... maxDeviceTopK
  float topP;        // 1: all
  float minP;        // 0: all
  float repeatPenalty;    // 1: none
  uint32_t accepted;      // tokens of the text so far
  int32_t recent[window]; // number i of the text is at i % window
};

/// What `choose` and `advance` have in common.
struct TokenChoices {
  SamplerState *states; // [rows]
  /// [rows][parts][maxDeviceTopK]: order of the logit << 32 | ~token, of which
  /// a greater one comes first.
  uint64_t *candidates;
  /// [choiceSteps][rows] in memory of the host, step i at i % choiceSteps.
  int32_t *tokens;
  int32_t *steps; // [rows]: steps so far
  int32_t rows;
};

/// exp(x) for x <= 0 with a relative error below 1e-15, of +, - and * alone:
/// any machine gives the same bits. r = x - k ln 2 has |r| <= ln 2 / 2, whose
/// Taylor series up to r^13 / 13! is scaled by 2^k.
namespace exponential {
inline constexpr double least = -708; // 0 below it
inline constexpr double log2e = 0x1.71547652b82fep+0;
inline constexpr double ln2High = 0x1.62e42fee00000p-1; // 33 bits
inline constexpr double ln2Low = 0x1.a39ef35793c76p-33;
inline constexpr double toInteger = 0x1.8p52; // x + it - it is rounded x
inline constexpr int32_t terms = 13;
/// 1 / i!.
constexpr double coefficient(int32_t i) {
  double factorial = 1;
  for (int32_t j = 2; j <= i; ++j)
    factorial *= j;
  return 1 / factorial;
}
} // namespace exponential

} // namespace quipu::abi

#endif // QUIPU_ABI_TOKENCHOICE_H
