//===- Text.cpp - A text that knows where it comes from -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Text.h"
#include <algorithm>

using namespace quipu::jinja;

Text Text::input(std::string_view bytes) {
  Text text;
  text.appendInput(bytes);
  return text;
}

void Text::appendInput(std::string_view text) {
  if (text.empty())
    return;
  if (!inputs.empty() && inputs.back().end == bytes.size())
    inputs.back().end += text.size();
  else
    inputs.push_back({bytes.size(), bytes.size() + text.size()});
  bytes += text;
}

void Text::append(const Text &text, size_t begin, size_t end) {
  std::string_view all = text.bytes;
  auto span = std::upper_bound(
      text.inputs.begin(), text.inputs.end(), begin,
      [](size_t at, const ByteSpan &span) { return at < span.end; });
  for (; span != text.inputs.end() && span->begin < end; ++span) {
    size_t from = std::max(span->begin, begin), to = std::min(span->end, end);
    bytes += all.substr(begin, from - begin);
    appendInput(all.substr(from, to - from));
    begin = to;
  }
  bytes += all.substr(begin, end - begin);
}

Text Text::slice(size_t begin, size_t end) const {
  Text part;
  part.isMarkup = isMarkup;
  if (begin < end)
    part.append(*this, begin, end);
  return part;
}

bool Text::isAscii() const {
  return std::ranges::all_of(
      bytes, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

size_t Text::countCharacters() const {
  return static_cast<size_t>(std::ranges::count_if(bytes, [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

size_t Text::findCharacter(size_t index) const {
  if (isAscii())
    return std::min(index, bytes.size());
  size_t at = 0;
  while (index-- != 0 && at < bytes.size())
    at += characterBytes(bytes[at]);
  return at;
}
