//===- PlainText.cpp - The blocks of a plain text -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Blocks.h"

using namespace quipu;

/// Paragraphs, between empty lines.
std::vector<Block> quipu::readPlainText(std::string_view document) {
  std::vector<Block> blocks;
  LineReader reader(document);
  bool isOpen = false;
  for (std::string_view line; reader.next(line);) {
    if (isBlank(line)) {
      isOpen = false;
      continue;
    }
    if (!isOpen)
      blocks.push_back({Block::Prose});
    else
      blocks.back().text += '\n';
    isOpen = true;
    blocks.back().append(line, reader.number());
  }
  return blocks;
}
