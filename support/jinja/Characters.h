//===- Characters.h - Classes and cases of characters -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_CHARACTERS_H
#define QUIPU_SUPPORT_JINJA_CHARACTERS_H

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::jinja {

/// How many bytes the white space at the front of `text` has, as Python's
/// isspace says; 0 if there is none.
size_t spaceBytes(std::string_view text);
/// Of the white space at the end.
size_t spaceBytesBack(std::string_view text);
/// Whether all of it is, and there is something.
bool isSpace(std::string_view text);
std::string_view stripLeft(std::string_view text);
std::string_view stripRight(std::string_view text);

/// 0 to 15; 16 if it is none.
unsigned hexDigit(char c);
/// Of a character's UTF-8, which is well-formed.
uint32_t readCharacter(std::string_view text);
void appendCharacter(std::string &to, uint32_t codePoint);

/// As Python's methods of these names.
std::string toUpper(std::string_view text);
std::string toLower(std::string_view text);
/// Of a first character.
std::string toTitle(std::string_view character);
bool isUpper(uint32_t codePoint);
bool isLower(uint32_t codePoint);
bool isAlphabetic(uint32_t codePoint);
bool isDecimal(uint32_t codePoint);
bool isDigit(uint32_t codePoint);
bool isNumeric(uint32_t codePoint);
bool isPrintable(uint32_t codePoint);
/// How many columns of a terminal the character takes: 0, 1 or 2.
unsigned countColumns(uint32_t codePoint);

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_CHARACTERS_H
