//===- InputText.h - Texts that others write --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the compiler and its programs read as text, they read with this: what
// has no end, as /dev/zero, is given up before it takes the machine's memory.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_INPUTTEXT_H
#define QUIPU_SUPPORT_INPUTTEXT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

/// Far more than a text or a context has.
inline constexpr size_t maxTextBytes = size_t(64) << 20;

/// What some editors write before a text, U+FEFF.
inline constexpr std::string_view byteOrderMark = "\xef\xbb\xbf";

/// These return a sentence about what failed, or nothing. A file's byte order
/// mark is left out; standard input is as it comes.
std::string readTextFile(const std::string &path, std::string &text,
                         size_t most = maxTextBytes);
std::string readStandardInput(std::string &text, size_t most = maxTextBytes);

/// Standard input, line by line.
class InputLines {
public:
  /// The next line, without its newline; false at the end, or after an error.
  bool read(std::string &line);
  /// Whether the next one, or the end, is there without waiting.
  bool isReady() const;
  /// Bytes of the lines that have been read.
  uint64_t bytesRead() const { return done; }
  /// A sentence about what failed, or nothing.
  const std::string &error() const { return failure; }

private:
  std::string buffer, failure;
  size_t used = 0; // bytes of `buffer`
  uint64_t done = 0;
  bool ended = false;
};

} // namespace quipu

#endif // QUIPU_SUPPORT_INPUTTEXT_H
