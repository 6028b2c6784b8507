//===- EditedText.cpp - A text and a cursor in it -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/EditedText.h"
#include "support/Utf8.h"
#include "support/jinja/Characters.h"

using namespace quipu;

static constexpr uint32_t joiner = 0x200D; // the character behind it belongs to
                                           // the one before it

static bool isWordCharacter(uint32_t c) {
  return jinja::isAlphabetic(c) || jinja::isNumeric(c) || c == '_';
}

void EditedText::set(std::string text) {
  content = std::move(text);
  at = content.size();
}

void EditedText::insert(std::string_view text) {
  content.insert(at, text);
  at += text.size();
}

size_t EditedText::next(size_t from) const {
  std::string_view rest = std::string_view(content).substr(from);
  bool isFirst = true, wasJoiner = false;
  while (!rest.empty()) {
    auto [codePoint, bytes] = decodeUtf8(rest);
    bool belongs = isFirst || wasJoiner ||
                   (codePoint != '\n' && jinja::countColumns(codePoint) == 0);
    if (!belongs)
      break;
    isFirst = false;
    wasJoiner = codePoint == joiner;
    rest.remove_prefix(bytes);
  }
  return content.size() - rest.size();
}

size_t EditedText::previous(size_t from) const {
  // A character's beginning cannot be known from its end.
  size_t begin = beginOfLine(from);
  if (begin == from)
    return from == 0 ? 0 : from - 1;
  for (size_t i = begin; i < from; i = next(i))
    begin = i;
  return begin;
}

size_t EditedText::previousWord() const {
  size_t from = at;
  for (bool inWord = false; from > 0;) {
    size_t before = previous(from);
    bool is = isWordCharacter(
        decodeUtf8(std::string_view(content).substr(before)).codePoint);
    if (inWord && !is)
      break;
    inWord = is;
    from = before;
  }
  return from;
}

size_t EditedText::nextWord() const {
  size_t from = at;
  for (bool inWord = false; from < content.size(); from = next(from)) {
    bool is = isWordCharacter(
        decodeUtf8(std::string_view(content).substr(from)).codePoint);
    if (inWord && !is)
      break;
    inWord = is;
  }
  return from;
}

size_t EditedText::beginOfLine(size_t of) const {
  size_t newline = of == 0 ? content.npos : content.rfind('\n', of - 1);
  return newline == content.npos ? 0 : newline + 1;
}

size_t EditedText::endOfLine(size_t of) const {
  return std::min(content.find('\n', of), content.size());
}

void EditedText::left() { at = previous(at); }
void EditedText::right() { at = next(at); }
void EditedText::wordLeft() { at = previousWord(); }
void EditedText::wordRight() { at = nextWord(); }
void EditedText::lineBegin() { at = beginOfLine(at); }
void EditedText::lineEnd() { at = endOfLine(at); }

void EditedText::moveToLine(size_t begin) {
  size_t characters = 0;
  for (size_t i = beginOfLine(at); i < at; i = next(i))
    ++characters;
  for (at = begin; characters > 0 && at < endOfLine(begin); --characters)
    at = next(at);
}

bool EditedText::up() {
  size_t begin = beginOfLine(at);
  if (begin == 0)
    return false;
  moveToLine(beginOfLine(begin - 1));
  return true;
}

bool EditedText::down() {
  size_t end = endOfLine(at);
  if (end == content.size())
    return false;
  moveToLine(end + 1);
  return true;
}

void EditedText::erase(size_t begin, size_t end) {
  content.erase(begin, end - begin);
  at = begin;
}

void EditedText::eraseBefore() { erase(previous(at), at); }
void EditedText::eraseBehind() { erase(at, next(at)); }

void EditedText::eraseWordBefore() {
  size_t begin = previousWord();
  erased = content.substr(begin, at - begin);
  erase(begin, at);
}

void EditedText::eraseWordBehind() {
  size_t end = nextWord();
  erased = content.substr(at, end - at);
  erase(at, end);
}

void EditedText::eraseToLineBegin() {
  size_t begin = beginOfLine(at);
  erased = content.substr(begin, at - begin);
  erase(begin, at);
}

void EditedText::eraseToLineEnd() {
  size_t end = endOfLine(at);
  erased = content.substr(at, end - at);
  erase(at, end);
}
