//===- Json.h - JSON as values ----------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_JSON_H
#define QUIPU_SUPPORT_JINJA_JSON_H

#include "support/jinja/Value.h"

namespace quipu::jinja {

/// Reads one value, whose texts are input, unless `isTrusted`. Returns a
/// sentence about the first error, with its line, or nothing.
std::string readJson(std::string_view text, Heap &heap, Value &value,
                     bool isTrusted = false);

/// How Python's json.dumps separates.
struct JsonLayout {
  bool isAscii = false, isSorted = false;
  bool isIndented = false;
  Text indent;
  Text itemSeparator = Text(", "), keySeparator = Text(": ");
};

/// A number as Python prints it.
std::string printReal(double number);
/// A text in quotes.
void writeJsonText(Text &to, const Text &text, bool isAscii);

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_JSON_H
