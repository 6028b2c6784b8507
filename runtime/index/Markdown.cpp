//===- Markdown.cpp - The blocks of a Markdown document -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of CommonMark what says where blocks begin and end: headings of both kinds,
// fenced code, comments, paragraphs. Markup inside of a block stays, but for
// the targets of links, which say nothing about the text.
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Blocks.h"
#include <algorithm>
#include <optional>

using namespace quipu;

/// Without up to three blanks before it: more make it code or a part of a list.
static std::string_view withoutIndent(std::string_view line) {
  size_t blanks = std::min(line.find_first_not_of(' '), line.size());
  return blanks <= 3 ? line.substr(blanks) : line;
}

static std::string_view trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos)
    return "";
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// How many of `mark` the line begins with.
static size_t countMarks(std::string_view line, char mark) {
  return std::min(line.find_first_not_of(mark), line.size());
}

/// "## Title ##"; the level is 0 if it is none.
static int32_t readHeading(std::string_view line, std::string_view &title) {
  line = withoutIndent(line);
  size_t level = countMarks(line, '#');
  if (level == 0 || level > 6 ||
      (level < line.size() && line[level] != ' ' && line[level] != '\t'))
    return 0;
  title = trim(line.substr(level));
  size_t end = title.find_last_not_of('#');
  if (end == title.npos)
    title = "";
  else if (end + 1 < title.size() && title[end] == ' ')
    title = trim(title.substr(0, end));
  return static_cast<int32_t>(level);
}

/// "===" or "---" below a paragraph makes it a heading of level 1 or 2.
static int32_t readUnderline(std::string_view line) {
  line = trim(withoutIndent(line));
  if (line.empty() || (line[0] != '=' && line[0] != '-') ||
      countMarks(line, line[0]) != line.size())
    return 0;
  return line[0] == '=' ? 1 : 2;
}

/// "---", "* * *": a line of three or more of one mark, which has no text.
static bool isThematicBreak(std::string_view line) {
  line = trim(withoutIndent(line));
  if (line.empty() || std::string_view("-*_").find(line[0]) == line.npos)
    return false;
  auto marks = std::count(line.begin(), line.end(), line[0]);
  auto blanks = std::count(line.begin(), line.end(), ' ');
  return marks >= 3 && static_cast<size_t>(marks + blanks) == line.size();
}

namespace {
struct Fence {
  char mark;
  size_t length;

  bool isClosedBy(std::string_view line) const {
    line = trim(line);
    size_t marks = countMarks(line, mark);
    return marks >= length && marks == line.size();
  }
};
} // namespace

/// A fence may be indented as deep as the list that it is in.
static std::optional<Fence> readFence(std::string_view line) {
  line = trim(line);
  for (char mark : {'`', '~'})
    if (size_t length = countMarks(line, mark);
        length >= 3 && (mark == '~' || line.find('`', length) == line.npos))
      return Fence{mark, length};
  return std::nullopt;
}

/// Appends the line, of links "[text](target)" the text alone.
static void appendProse(Block &block, std::string_view line, int32_t number) {
  // What is appended, and where the next link may begin.
  size_t done = 0, from = 0;
  for (size_t at = line.find("]("); at != line.npos;
       at = line.find("](", from)) {
    size_t open = line.substr(from, at - from).rfind('[');
    size_t close = line.find(')', at);
    if (close == line.npos)
      break;
    if (open != line.npos) {
      open += from;
      bool isImage = open > done && line[open - 1] == '!';
      block.append(line.substr(done, open - isImage - done), number);
      block.append(line.substr(open + 1, at - open - 1), number);
      done = close + 1;
    }
    from = close + 1;
  }
  block.append(line.substr(done), number);
}

namespace {
class MarkdownReader {
public:
  explicit MarkdownReader(std::string_view document) : lines(document) {}

  std::vector<Block> read() {
    for (std::string_view line; lines.next(line);)
      if (isInComment || withoutIndent(line).starts_with("<!--"))
        skipComment(line);
      else if (std::optional<Fence> fence = readFence(line))
        readCode(*fence);
      else
        readLine(line);
    std::erase_if(blocks,
                  [](const Block &block) { return block.text.empty(); });
    return std::move(blocks);
  }

private:
  void skipComment(std::string_view line) {
    size_t end = line.find("-->");
    isInComment = end == line.npos;
    if (!isInComment)
      readLine(line.substr(end + 3));
  }

  void readCode(const Fence &fence) {
    isOpen = false;
    Block code = {Block::Code};
    for (std::string_view line; lines.next(line) && !fence.isClosedBy(line);) {
      if (!code.lines.empty())
        code.text += '\n';
      code.append(line, lines.number());
    }
    blocks.push_back(std::move(code));
  }

  void readLine(std::string_view line) {
    std::string_view title;
    if (int32_t level = readHeading(line, title)) {
      blocks.push_back({Block::Heading, level});
      appendProse(blocks.back(), title, lines.number());
      isOpen = false;
    } else if (int32_t level = isOpen ? readUnderline(line) : 0) {
      blocks.back().kind = Block::Heading;
      blocks.back().level = level;
      isOpen = false;
    } else if (isBlank(line) || isThematicBreak(line)) {
      isOpen = false;
    } else {
      if (!isOpen)
        blocks.push_back({Block::Prose});
      else
        blocks.back().text += '\n';
      isOpen = true;
      appendProse(blocks.back(), line, lines.number());
    }
  }

  LineReader lines;
  std::vector<Block> blocks;
  bool isOpen = false; // the last block is a paragraph that may go on
  bool isInComment = false;
};
} // namespace

std::vector<Block> quipu::readMarkdown(std::string_view document) {
  return MarkdownReader(document).read();
}
