//===- Blocks.h - The parts of a document -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_INDEX_BLOCKS_H
#define QUIPU_RUNTIME_INDEX_BLOCKS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// Text that belongs together, with the lines of the document it comes from.
struct Block {
  enum Kind {
    Heading,
    Prose, // a paragraph, a list, a table
    Code   // whose lines stay as they are
  };
  /// From this byte of the text on it comes from this line, counted from 1.
  struct LineStart {
    size_t offset;
    int32_t line;
  };

  Kind kind;
  int32_t level = 0; // of a heading: the lower, the more is below it
  std::string text = {};
  std::vector<LineStart> lines = {}; // rising, one at least if there is text

  /// Appends text of a line that is not before the last one.
  void append(std::string_view more, int32_t line);
  int32_t lineOf(size_t offset) const;
};

enum class DocumentKind { Text, Markdown, Html };

/// By the end of a file's name.
DocumentKind findDocumentKind(std::string_view path);

/// The blocks of a document, in order and none of them empty. Any bytes are a
/// document; each takes a time that grows with its size.
std::vector<Block> readBlocks(DocumentKind kind, std::string_view document);
std::vector<Block> readPlainText(std::string_view document);
std::vector<Block> readMarkdown(std::string_view document);
std::vector<Block> readHtml(std::string_view document);

/// The lines of a document, without their ends, and their numbers.
class LineReader {
public:
  explicit LineReader(std::string_view document) : rest(document) {}
  /// False behind the last one.
  bool next(std::string_view &line);
  int32_t number() const { return count; }

private:
  std::string_view rest;
  int32_t count = 0;
};

bool isBlank(std::string_view line);

} // namespace quipu

#endif // QUIPU_RUNTIME_INDEX_BLOCKS_H
