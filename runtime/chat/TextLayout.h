//===- TextLayout.h - A text on the rows of a terminal ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_TEXTLAYOUT_H
#define QUIPU_RUNTIME_CHAT_TEXTLAYOUT_H

#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// What a terminal shows of a text that is being written, behind a prompt: as
/// many rows around the cursor as there is room for.
struct TextLayout {
  /// The bytes to write; tabs are spaces, and what cannot be printed is U+FFFD.
  std::vector<std::string> rows;
  size_t cursorRow = 0, cursorColumn = 0;

  TextLayout(std::string_view text, size_t cursor, size_t columns,
             size_t maxRows);
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_TEXTLAYOUT_H
