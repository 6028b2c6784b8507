//===- DraftProtocol.cpp - What --draft and --drafter say -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftProtocol.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Tokenizer.h"
#include <cerrno>
#include <unistd.h>

using namespace quipu;

/// Repeats a read or a write until all bytes are moved.
template <typename Move, typename Byte>
static bool moveAll(Move move, int file, Byte *bytes, size_t size) {
  while (size > 0) {
    ssize_t moved = move(file, bytes, size);
    if (moved < 0 && errno == EINTR)
      continue;
    if (moved <= 0)
      return false;
    bytes += moved;
    size -= moved;
  }
  return true;
}

bool quipu::readBytes(int file, void *bytes, size_t size) {
  return moveAll(read, file, static_cast<char *>(bytes), size);
}

bool quipu::writeBytes(int file, const void *bytes, size_t size) {
  return moveAll(write, file, static_cast<const char *>(bytes), size);
}

DraftGreeting quipu::makeGreeting(const abi::Entry &entry,
                                  const Tokenizer *tokenizer) {
  uint64_t hash = 0;
  for (int32_t id = 0; tokenizer && id < tokenizer->vocabularySize(); ++id)
    hash = hash * 0x9e3779b97f4a7c15 + hashWord(tokenizer->bytes(id));
  return {DraftGreeting::expectedMagic, hash,
          static_cast<uint32_t>(getTokenLimit(entry)),
          static_cast<uint32_t>(getLogits(entry)->width)};
}
