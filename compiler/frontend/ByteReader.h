//===- ByteReader.h - Bounds-checked little-endian reading ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_BYTEREADER_H
#define QUIPU_COMPILER_FRONTEND_BYTEREADER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>

namespace quipu {

/// Reads a file's bytes from front to back. Nothing is copied: strings point
/// into the bytes. Every `field` names what is being read, for messages of the
/// form `<path>: <field>: <what was found>, expected <what>`.
class ByteReader {
public:
  ByteReader(llvm::StringRef path, llvm::StringRef bytes)
      : path(path), bytes(bytes) {}

  uint64_t getPosition() const { return position; }
  uint64_t getRemaining() const { return bytes.size() - position; }
  llvm::StringRef getBytes() const { return bytes; }

  llvm::Error error(const llvm::Twine &field, const llvm::Twine &what) const {
    return llvm::createStringError(path + ": " + field + ": " + what);
  }

  /// The next `count` bytes.
  llvm::Expected<llvm::StringRef> take(uint64_t count,
                                       const llvm::Twine &field) {
    if (count > getRemaining())
      return error(field, "the file ends after " + llvm::Twine(bytes.size()) +
                              " bytes, expected " + llvm::Twine(count) +
                              " bytes at byte " + llvm::Twine(position));
    llvm::StringRef taken = bytes.substr(position, count);
    position += count;
    return taken;
  }

  template <typename T> llvm::Expected<T> read(const llvm::Twine &field) {
    llvm::Expected<llvm::StringRef> taken = take(sizeof(T), field);
    if (!taken)
      return taken.takeError();
    return llvm::support::endian::read<T, llvm::endianness::little>(
        taken->data());
  }

  /// A number of things of which each takes at least `minimumBytes`: at most
  /// as many as the rest of the file can hold, so safe to allocate for.
  llvm::Expected<uint64_t> readCount(uint64_t minimumBytes,
                                     const llvm::Twine &field) {
    llvm::Expected<uint64_t> count = read<uint64_t>(field);
    if (!count)
      return count.takeError();
    if (*count > getRemaining() / minimumBytes)
      return error(field, llvm::Twine(*count) + ", expected at most " +
                              llvm::Twine(getRemaining() / minimumBytes) +
                              " in the " + llvm::Twine(getRemaining()) +
                              " bytes that are left");
    return *count;
  }

  /// A string of any bytes behind its 64-bit length.
  llvm::Expected<llvm::StringRef> readString(const llvm::Twine &field) {
    llvm::Expected<uint64_t> length = readCount(1, field + " length");
    if (!length)
      return length.takeError();
    return take(*length, field);
  }

  /// A string that can stand in a message: 1 to `maximumLength` bytes of UTF-8
  /// without control characters.
  llvm::Expected<llvm::StringRef> readName(uint64_t maximumLength,
                                           const llvm::Twine &field) {
    llvm::Expected<llvm::StringRef> name = readString(field);
    if (!name)
      return name.takeError();
    if (name->empty() || name->size() > maximumLength)
      return error(field, "a name of " + llvm::Twine(name->size()) +
                              " bytes, expected 1 to " +
                              llvm::Twine(maximumLength));
    size_t offset = 0;
    if (!llvm::json::isUTF8(*name, &offset))
      return error(field, "invalid UTF-8 at its byte " + llvm::Twine(offset) +
                              ", expected a name in UTF-8");
    for (unsigned char character : *name)
      if (character < 0x20 || character == 0x7f)
        return error(field, "control character " +
                                llvm::Twine(unsigned(character)) +
                                ", expected a printable name");
    return *name;
  }

private:
  llvm::StringRef path;
  llvm::StringRef bytes;
  uint64_t position = 0;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_BYTEREADER_H
