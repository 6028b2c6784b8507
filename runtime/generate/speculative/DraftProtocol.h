//===- DraftProtocol.h - What --draft and --drafter say ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program that is started with --drafter greets; then, until its input ends,
// it reads a request and writes an answer. Both run on one machine: numbers are
// as the processor has them. docs/speculative-decoding.md has an example.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROTOCOL_H
#define QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROTOCOL_H

#include "abi/Abi.h"
#include <cstddef>
#include <cstdint>

namespace quipu {

/// Says what the drafter's tokens are. One that cannot run writes its error
/// message instead.
struct DraftGreeting {
  static constexpr uint64_t expectedMagic = 0x3274666172647051; // "Qpdraft2"

  uint64_t magic;
  uint64_t vocabularyHash;
  uint32_t tokens; // ids that it reads are below this
  uint32_t logits; // and those that it drafts below this
};

/// Is followed by `added` tokens, int32_t each. The answer is an int32_t, how
/// many tokens were drafted, at most `most`, and these tokens.
struct DraftRequest {
  int32_t kept;  // first tokens, of text and drafts, that are as before
  int32_t added; // tokens that come after them now
  int32_t most;  // tokens to draft after those
};

/// Moves all of the bytes, or returns false at the end of the file or when the
/// other side has gone.
bool readBytes(int file, void *bytes, size_t size);
bool writeBytes(int file, const void *bytes, size_t size);

class Tokenizer;
/// What a drafter says whose entry gives logits. The vocabulary's hash is equal
/// when all tokens have equal bytes, 0 without a tokenizer.
DraftGreeting makeGreeting(const abi::Entry &entry, const Tokenizer *tokenizer);

} // namespace quipu

#endif // QUIPU_RUNTIME_GENERATE_SPECULATIVE_DRAFTPROTOCOL_H
