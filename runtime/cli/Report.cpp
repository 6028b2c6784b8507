//===- Report.cpp - What a command prints of each text --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Report.h"
#include "runtime/cli/TextItems.h"
#include "support/Utf8.h"
#include "support/jinja/Json.h"
#include <cmath>

using namespace quipu;

std::string quipu::printNumber(float number) {
  if (!std::isfinite(number))
    return "null";
  char text[32];
  snprintf(text, sizeof(text), "%.9g", number);
  return text;
}

std::string quipu::printScore(float number) {
  char text[32];
  snprintf(text, sizeof(text), "%.4f", number);
  return text;
}

std::string quipu::printLine(std::string_view text) {
  std::string line;
  for (char byte : text)
    if (byte == '\n')
      line += "\\n";
    else if (byte == '\r')
      line += "\\r";
    else
      line += byte == '\t' ? ' ' : byte;
  return line;
}

std::string quipu::printJson(std::string_view text) {
  std::string wellFormed;
  appendAsUtf8(wellFormed, text);
  jinja::Text to;
  jinja::writeJsonText(to, jinja::Text(wellFormed), /*isAscii=*/false);
  return to.bytes;
}

std::string quipu::printCell(std::string_view text) {
  if (text.find_first_of("\",\r\n") == text.npos)
    return std::string(text);
  std::string cell = "\"";
  for (char byte : text) {
    if (byte == '"')
      cell += '"';
    cell += byte;
  }
  return cell + '"';
}

std::string quipu::printJson(std::span<const float> numbers) {
  std::string text = "[";
  for (float number : numbers) {
    text += text.size() > 1 ? ", " : "";
    text += printNumber(number);
  }
  return text + "]";
}

std::string quipu::printItemJson(const TextItem &item) {
  return item.id.empty() ? "\"item\": " + std::to_string(item.number)
                         : "\"id\": " + item.id;
}

std::string quipu::printItemCell(const TextItem &item) {
  std::string_view id = item.id;
  if (id.empty())
    return std::to_string(item.number);
  if (id.front() == '"') // CSV has quotes of its own
    id = id.substr(1, id.size() - 2);
  return printCell(id);
}
