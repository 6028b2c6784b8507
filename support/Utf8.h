//===- Utf8.h - Characters and their UTF-8 bytes ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_UTF8_H
#define QUIPU_SUPPORT_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

/// U+FFFD in UTF-8: what stands for a byte that belongs to no character.
inline constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD";

/// The bytes a character takes whose first byte is `lead`; 0 when no
/// well-formed character begins like that (Unicode 15.0, table 3-7).
inline unsigned utf8Length(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2)
    return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

struct Utf8Character {
  uint32_t codePoint;
  unsigned bytes; // 0: no well-formed character begins here
};

/// How many of a character's bytes stand at the front of `text`, which is not
/// empty, before the text or the well-formedness ends.
inline unsigned utf8Prefix(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned length = utf8Length(byte(0));
  if (length < 2 || text.size() < 2)
    return length ? 1 : 0;
  // The second byte excludes overlong forms, surrogates and what lies beyond
  // U+10FFFF.
  unsigned char low = byte(0) == 0xE0 ? 0xA0 : byte(0) == 0xF0 ? 0x90 : 0x80;
  unsigned char high = byte(0) == 0xED ? 0x9F : byte(0) == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high)
    return 1;
  unsigned have = 2;
  while (have < length && have < text.size() && (byte(have) & 0xC0) == 0x80)
    ++have;
  return have;
}

/// The character at the front of `text`, which is not empty.
inline Utf8Character decodeUtf8(std::string_view text) {
  unsigned char lead = static_cast<unsigned char>(text[0]);
  unsigned length = utf8Length(lead);
  if (length == 1)
    return {lead, 1};
  if (length == 0 || utf8Prefix(text) != length)
    return {0xFFFD, 0};
  uint32_t codePoint = lead & (0x7F >> length);
  for (unsigned i = 1; i < length; ++i)
    codePoint = codePoint << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return {codePoint, length};
}

inline bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    unsigned bytes = decodeUtf8(text).bytes;
    if (bytes == 0)
      return false;
    text.remove_prefix(bytes);
  }
  return true;
}

/// Appends `text` to `out`, each byte that belongs to no well-formed character
/// replaced by U+FFFD.
inline void appendAsUtf8(std::string &out, std::string_view text) {
  while (!text.empty()) {
    unsigned bytes = decodeUtf8(text).bytes;
    out += bytes ? text.substr(0, bytes) : replacementCharacter;
    text.remove_prefix(bytes ? bytes : 1);
  }
}

} // namespace quipu

#endif // QUIPU_SUPPORT_UTF8_H
