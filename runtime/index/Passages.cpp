//===- Passages.cpp - What a model reads of a document at a time ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Passages.h"
#include "support/ByteSpan.h"
#include <algorithm>

using namespace quipu;

namespace {
/// The smallest part that passages are made of.
struct Unit {
  const Block *block;
  ByteSpan span;
  int32_t tokens;
};
} // namespace

static constexpr std::string_view blanks = " \t\n";

/// Where a character begins: at `at`, or before it.
static size_t toCharacter(std::string_view text, size_t at) {
  while (at > 0 && at < text.size() && (text[at] & 0xC0) == 0x80)
    --at;
  return at;
}

/// Behind the last line end of the first `most` bytes or, if there is none in
/// their second half, behind the last blank, or else the last character.
static size_t findCut(std::string_view text, size_t most) {
  for (std::string_view marks : {std::string_view("\n"), blanks})
    if (size_t cut = text.find_last_of(marks, most - 1);
        cut != text.npos && cut >= most / 2)
      return cut + 1;
  size_t cut = toCharacter(text, most);
  return cut ? cut : most;
}

/// Whether a line is an item of a list or a row of a table.
static bool isItem(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  return line.starts_with("- ") || line.starts_with("* ") ||
         line.starts_with("+ ") || line.starts_with("|") ||
         (digits > 0 && line.substr(digits).starts_with(". "));
}

/// Whether a unit may end before `at`, where a blank is.
static bool endsUnit(const Block &block, size_t at) {
  std::string_view text = block.text;
  if (text[at] == '\n' &&
      (block.kind == Block::Code || isItem(text.substr(at + 1, 64))))
    return true;
  if (block.kind == Block::Code || at == 0)
    return false;
  size_t end = text.find_last_not_of("\"')]*_`", at - 1);
  if (end == text.npos || end + 8 < at)
    return false;
  if (std::string_view(".!?").find(text[end]) != text.npos)
    return true;
  // The same of Chinese and Japanese.
  std::string_view last = text.substr(end < 2 ? 0 : end - 2, 3);
  return last == "\u3002" || last == "\uff01" || last == "\uff1f";
}

namespace {
class Splitter {
public:
  Splitter(const PassageLimits &limits, const TokenCounter &count)
      : limits(limits), count(count) {}

  std::vector<Passage> split(std::span<const Block> blocks) {
    for (const Block &block : blocks)
      if (block.kind == Block::Heading)
        takeHeading(block);
      else
        section.push_back(&block);
    endSection(0);
    return std::move(passages);
  }

private:
  void takeHeading(const Block &block) {
    endSection(block.level);
    while (!headings.empty() && headings.back()->level >= block.level)
      headings.pop_back();
    headings.push_back(&block);
  }

  /// `next` is the level of the heading that follows, 0 at the end.
  void endSection(int32_t next) {
    // A heading is text, too, unless it comes back above another one.
    bool isBare =
        section.empty() && !headings.empty() && next <= headings.back()->level;
    std::string title = makeTitle();
    if (isBare)
      section.push_back(headings.back());
    budget = limits.tokens - (title.empty() ? 0 : count(title + "\n"));
    units.clear();
    for (const Block *block : section)
      addUnits(*block);
    makePassages(title);
    section.clear();
  }

  /// The headings, cut where they would take more than a half of a passage.
  std::string makeTitle() const {
    constexpr size_t most = 300; // bytes
    std::string title;
    std::string_view before;
    for (const Block *heading : headings) {
      std::string_view text = heading->text;
      if (text == before) // a page's title and its first heading, often
        continue;
      before = text;
      title += title.empty() ? "" : " > ";
      title += text.substr(0, toCharacter(text, most));
    }
    std::replace(title.begin(), title.end(), '\n', ' ');
    if (title.size() > most)
      title.resize(toCharacter(title, most));
    while (!title.empty() && count(title + "\n") > limits.tokens / 2)
      title.resize(toCharacter(title, title.size() / 2));
    return title;
  }

  /// Sentences and lines, or a whole block of code if it fits.
  void addUnits(const Block &block) {
    std::string_view text = block.text;
    if (block.kind == Block::Code && text.size() < maxUnitBytes() &&
        count(text) <= budget) {
      addUnit(block, 0, text.size());
      return;
    }
    size_t begin = 0;
    for (size_t at = text.find_first_of(blanks); at != text.npos;
         at = text.find_first_of(blanks, at + 1))
      if (endsUnit(block, at)) {
        addUnit(block, begin, at);
        begin = at + 1;
      }
    addUnit(block, begin, text.size());
  }

  /// Far more than fits, so that counting tokens takes linear time.
  size_t maxUnitBytes() const { return size_t(limits.tokens) * 16; }

  /// In several if it does not fit.
  void addUnit(const Block &block, size_t begin, size_t end) {
    std::string_view text = std::string_view(block.text);
    begin = std::min(
        text.find_first_not_of(
            block.kind == Block::Code ? std::string_view("\n") : blanks, begin),
        end);
    while (begin < end) {
      size_t bytes = end - begin;
      if (bytes > maxUnitBytes())
        bytes = findCut(text.substr(begin, bytes), maxUnitBytes());
      int32_t tokens = count(text.substr(begin, bytes));
      while (tokens > budget && bytes > 1) {
        bytes = findCut(text.substr(begin, bytes), (bytes + 1) / 2);
        tokens = count(text.substr(begin, bytes));
      }
      size_t last = text.find_last_not_of(blanks, begin + bytes - 1);
      if (last != text.npos && last >= begin)
        units.push_back({&block, {begin, last + 1}, tokens});
      begin += bytes;
    }
  }

  void makePassages(const std::string &title) {
    for (size_t begin = 0, done = 0; done < units.size();) {
      size_t end = findEnd(begin, done);
      Passage passage = makePassage(title, begin, done, end);
      // Tokens of units beside each other may join in other ways.
      while (end > done + 1 && count(passage.context + passage.text) > budget)
        passage = makePassage(title, begin, done, --end);
      passages.push_back(std::move(passage));
      done = end;
      if (done < units.size())
        begin = findContext(done);
    }
  }

  /// Where the context of the passage begins that begins with unit `done`.
  size_t findContext(size_t done) const {
    size_t begin = done;
    for (int32_t tokens = 0; begin > 0; --begin) {
      tokens += units[begin - 1].tokens;
      if (tokens > limits.context || tokens + units[done].tokens > budget)
        break;
    }
    return begin;
  }

  /// Of the passage whose context begins with unit `begin`, and itself with
  /// unit `done`.
  size_t findEnd(size_t begin, size_t done) const {
    int32_t tokens = 0;
    size_t end = begin, boundary = 0;
    for (; end < units.size(); ++end) {
      if (end > done && tokens + units[end].tokens > budget)
        return boundary ? boundary : end;
      if (end > done && tokens >= budget / 2 &&
          units[end].block != units[end - 1].block)
        boundary = end;
      tokens += units[end].tokens;
    }
    return end;
  }

  Passage makePassage(const std::string &title, size_t begin, size_t done,
                      size_t end) const {
    const Unit &first = units[done], &last = units[end - 1];
    return {title, join(begin, done), separator(done) + join(done, end),
            first.block->lineOf(first.span.begin),
            last.block->lineOf(last.span.end - 1)};
  }

  std::string join(size_t begin, size_t end) const {
    std::string text;
    for (size_t i = begin; i < end; ++i) {
      if (i > begin)
        text += separator(i);
      text += textOf(units[i].block, units[i].span);
    }
    return text;
  }

  /// What stands before a unit.
  std::string separator(size_t i) const {
    if (i == 0)
      return "";
    if (units[i].block != units[i - 1].block)
      return "\n\n";
    return textOf(units[i].block, {units[i - 1].span.end, units[i].span.begin});
  }

  static std::string textOf(const Block *block, ByteSpan span) {
    return block->text.substr(span.begin, span.end - span.begin);
  }

  const PassageLimits &limits;
  const TokenCounter &count;
  std::vector<const Block *> headings, section;
  int32_t budget = 0; // tokens of a passage of this section, without its title
  std::vector<Unit> units;
  std::vector<Passage> passages;
};
} // namespace

std::vector<Passage> quipu::splitPassages(std::span<const Block> blocks,
                                          const PassageLimits &limits,
                                          const TokenCounter &count) {
  return Splitter(limits, count).split(blocks);
}
