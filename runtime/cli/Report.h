//===- Report.h - What a command prints of each text ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_REPORT_H
#define QUIPU_RUNTIME_CLI_REPORT_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quipu {

struct TextItem;

enum class Format : int32_t { Text, Json, Csv };

/// With the digits that give the same number when they are read; in JSON what
/// is none is null.
std::string printNumber(float number);
/// A number for people: four digits behind the point.
std::string printScore(float number);
/// A text in one line: a line end is written as \\n.
std::string printLine(std::string_view text);
/// A text in quotes, as JSON has it.
std::string printJson(std::string_view text);
/// A cell, in quotes where it must be.
std::string printCell(std::string_view text);
/// "[0.5,0.25]".
std::string printJson(std::span<const float> numbers);

/// How a row calls its item: `"id": 7` or `"item": 3`, and the cell of CSV.
std::string printItemJson(const TextItem &item);
std::string printItemCell(const TextItem &item);

/// Appends a list of an item: in JSON an object that has it under `key`, in CSV
/// a row for each. `print` appends one of the list.
template <typename List, typename Print>
void printList(Format format, const TextItem &item, const char *key,
               const List &list, std::string &out, Print print) {
  bool isJson = format == Format::Json, isFirst = true;
  if (isJson)
    out += "{" + printItemJson(item) + ", \"" + key + "\": [";
  for (const auto &one : list) {
    if (format == Format::Csv)
      out += printItemCell(item) + ",";
    else if (isJson && !isFirst)
      out += ", ";
    print(one);
    isFirst = false;
  }
  if (isJson)
    out += "]}\n";
}

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_REPORT_H
