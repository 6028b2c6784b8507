//===- Text.h - A text that knows where it comes from -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_TEXT_H
#define QUIPU_SUPPORT_JINJA_TEXT_H

#include "support/ByteSpan.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::jinja {

/// A text in UTF-8, and which of its bytes come from a template's input: what
/// users write must not become control tokens, what the template writes may.
struct Text {
  std::string bytes;
  std::vector<ByteSpan> inputs; // rising, with something between
  /// What `safe` and `escape` make: HTML, to which other texts are escaped when
  /// they are added.
  bool isMarkup = false;

  Text() = default;
  explicit Text(std::string bytes) : bytes(std::move(bytes)) {}
  static Text input(std::string_view bytes);

  void append(std::string_view text) { bytes += text; }
  void append(const Text &text) { append(text, 0, text.bytes.size()); }
  /// The bytes of `text` from `begin` to `end`.
  void append(const Text &text, size_t begin, size_t end);
  void appendInput(std::string_view text);
  Text slice(size_t begin, size_t end) const;

  /// Appends what `change` makes of each part of `text` that has one origin.
  template <typename Change>
  void appendChanged(const Text &text, Change change);

  bool isAscii() const;
  size_t countCharacters() const;
  /// Where character number `index` begins; the end if there are fewer.
  size_t findCharacter(size_t index) const;
};

/// Markup of the text: itself if it is that already.
Text escapeHtml(const Text &text);

/// How many bytes the character at the front of well-formed UTF-8 has.
inline size_t characterBytes(char lead) {
  auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

template <typename Change>
void Text::appendChanged(const Text &text, Change change) {
  std::string_view rest = text.bytes;
  size_t at = 0;
  for (const ByteSpan &span : text.inputs) {
    append(std::string(change(rest.substr(at, span.begin - at))));
    appendInput(change(rest.substr(span.begin, span.end - span.begin)));
    at = span.end;
  }
  append(std::string(change(rest.substr(at))));
}

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_TEXT_H
