//===- Blocks.cpp - The parts of a document -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Blocks.h"
#include "support/InputText.h"
#include <algorithm>

using namespace quipu;

void Block::append(std::string_view more, int32_t line) {
  if (lines.empty() || lines.back().line != line)
    lines.push_back({text.size(), line});
  text += more;
}

int32_t Block::lineOf(size_t offset) const {
  auto behind = std::upper_bound(lines.begin(), lines.end(), offset,
                                 [](size_t offset, const LineStart &start) {
                                   return offset < start.offset;
                                 });
  return behind == lines.begin() ? 0 : behind[-1].line;
}

bool LineReader::next(std::string_view &line) {
  if (rest.empty())
    return false;
  size_t end = std::min(rest.find('\n'), rest.size());
  line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  ++count;
  return true;
}

bool quipu::isBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r\f\v") == line.npos;
}

DocumentKind quipu::findDocumentKind(std::string_view path) {
  size_t dot = path.rfind('.');
  std::string end(dot == path.npos ? "" : path.substr(dot + 1));
  for (char &letter : end)
    if (letter >= 'A' && letter <= 'Z')
      letter += 'a' - 'A';
  if (end == "md" || end == "markdown")
    return DocumentKind::Markdown;
  if (end == "html" || end == "htm" || end == "xhtml")
    return DocumentKind::Html;
  return DocumentKind::Text;
}

std::vector<Block> quipu::readBlocks(DocumentKind kind,
                                     std::string_view document) {
  if (document.starts_with(byteOrderMark))
    document.remove_prefix(byteOrderMark.size());
  switch (kind) {
  case DocumentKind::Markdown:
    return readMarkdown(document);
  case DocumentKind::Html:
    return readHtml(document);
  case DocumentKind::Text:
    break;
  }
  return readPlainText(document);
}
