//===- TextLayout.cpp - A text on the rows of a terminal ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/TextLayout.h"
#include "support/Utf8.h"
#include "support/jinja/Characters.h"
#include <algorithm>

using namespace quipu;

// As many columns as bytes.
static constexpr std::string_view prompt = "> ", nextLine = ". ";
static constexpr size_t tabColumns = 8;

TextLayout::TextLayout(std::string_view text, size_t cursor, size_t columns,
                       size_t maxRows) {
  rows.emplace_back(prompt);
  size_t column = prompt.size();
  for (size_t at = 0;;) {
    bool isLast = at == text.size();
    auto [codePoint, bytes] =
        isLast ? Utf8Character{' ', 1} : decodeUtf8(text.substr(at));
    std::string shown(text.substr(at, bytes));
    size_t width = jinja::countColumns(codePoint);
    if (codePoint == '\n') {
      width = 1; // room for the cursor
    } else if (codePoint == '\t') {
      width = tabColumns - column % tabColumns;
      shown.assign(width, ' ');
    } else if (!jinja::isPrintable(codePoint) && width != 0) {
      shown = replacementCharacter;
      width = 1;
    }
    if (column + width > columns && column > 0) {
      rows.emplace_back();
      column = 0;
    }
    if (at == cursor) {
      cursorRow = rows.size() - 1;
      cursorColumn = column;
    }
    if (isLast)
      break;
    at += bytes;
    if (codePoint == '\n') {
      rows.emplace_back(nextLine);
      column = nextLine.size();
    } else {
      rows.back() += shown;
      column += width;
    }
  }
  if (rows.size() <= maxRows)
    return;
  size_t first = std::min(cursorRow - std::min(cursorRow, maxRows / 2),
                          rows.size() - maxRows);
  rows.erase(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(first));
  rows.resize(maxRows);
  cursorRow -= first;
}
