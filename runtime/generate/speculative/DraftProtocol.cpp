//===- DraftProtocol.cpp - What --draft and --drafter say -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftProtocol.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Tokenizer.h"
#include "support/Descriptors.h"

using namespace quipu;

bool quipu::readBytes(int file, void *bytes, size_t size) {
  auto *to = static_cast<char *>(bytes);
  while (size > 0) {
    ssize_t count = readSome(file, to, size);
    if (count <= 0)
      return false;
    to += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool quipu::writeBytes(int file, const void *bytes, size_t size) {
  return writeAll(file, {static_cast<const char *>(bytes), size}) == 0;
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
