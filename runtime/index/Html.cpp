//===- Html.cpp - The blocks of an HTML document --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The text that a reader sees, as far as tags say it: no style sheet is read
// and no script runs. Tags need not match, one pass takes any bytes.
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Blocks.h"
#include "support/jinja/Characters.h"
#include <algorithm>

using namespace quipu;

static bool isLetter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}
static bool isSpace(char letter) {
  return std::string_view(" \t\n\r\f").find(letter) != std::string_view::npos;
}

template <size_t count>
static bool isOneOf(std::string_view name,
                    const std::string_view (&names)[count]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Elements whose content nobody reads.
static constexpr std::string_view hiddenElements[] = {
    "script", "style", "template", "noscript", "svg", "iframe", "object"};
/// Those that begin and end a block.
static constexpr std::string_view blockElements[] = {
    "address", "article", "aside",      "blockquote", "body",   "caption",
    "center",  "details", "dialog",     "div",        "dl",     "fieldset",
    "figure",  "footer",  "figcaption", "form",       "header", "hgroup",
    "hr",      "html",    "main",       "menu",       "nav",    "ol",
    "p",       "section", "summary",    "table",      "ul"};

namespace {
class HtmlReader {
public:
  explicit HtmlReader(std::string_view document) : document(document) {}

  std::vector<Block> read() {
    while (at < document.size())
      if (char next = document[at]; next == '<')
        readTag();
      else if (next == '&')
        readReference();
      else
        readCharacter();
    std::erase_if(blocks,
                  [](const Block &block) { return isBlank(block.text); });
    return std::move(blocks);
  }

private:
  /// Goes on to `place`, or to the end if it is npos.
  void advance(size_t place) {
    place = std::min(place, document.size());
    line += static_cast<int32_t>(
        std::count(document.begin() + at, document.begin() + place, '\n'));
    at = place;
  }

  void begin(Block::Kind kind, int32_t level = 0) {
    blocks.push_back({kind, level});
    hasSpace = false;
  }

  bool isCode() const {
    return !blocks.empty() && blocks.back().kind == Block::Code;
  }

  void append(std::string_view text) {
    if (blocks.empty())
      begin(Block::Prose);
    Block &block = blocks.back();
    if (hasSpace && !block.text.empty() && block.text.back() != '\n')
      block.append(" ", line);
    hasSpace = false;
    block.append(text, line);
  }

  /// A line of its own in the block, as an item of a list has.
  void beginLine(std::string_view mark) {
    if (!blocks.empty() && !blocks.back().text.empty())
      blocks.back().text += '\n';
    hasSpace = false;
    if (!mark.empty())
      append(mark);
  }

  void readCharacter() {
    char next = document[at];
    if (isCode())
      blocks.back().append(next == '\r' ? "" : document.substr(at, 1), line);
    else if (isSpace(next))
      hasSpace = true;
    else {
      size_t end = document.find_first_of("<& \t\n\r\f", at);
      append(document.substr(at, end - at));
      at = std::min(end, document.size()); // no line ends in there
      return;
    }
    advance(at + 1);
  }

  void appendCharacter(uint32_t codePoint) {
    if (codePoint == 0xA0 && !isCode()) { // no-break space
      hasSpace = true;
      return;
    }
    std::string character;
    jinja::appendCharacter(character, codePoint);
    append(character);
  }

  /// "&amp;", "&#228;", "&#xE4;"; anything else is text.
  void readReference() {
    constexpr size_t longest = 12;
    size_t end = document.substr(at, longest).find(';');
    uint32_t codePoint = 0;
    if (end != document.npos &&
        parse(document.substr(at + 1, end - 1), codePoint)) {
      appendCharacter(codePoint);
      at += end + 1;
    } else {
      append("&");
      ++at;
    }
  }

  static bool parse(std::string_view name, uint32_t &codePoint) {
    if (name.starts_with('#'))
      return parseNumber(name.substr(1), codePoint);
    struct Entity {
      std::string_view name;
      uint32_t codePoint;
    };
    static constexpr Entity entities[] = {
#define HTML_ENTITY(NAME, CODE_POINT) {NAME, CODE_POINT},
#include "runtime/index/HtmlEntities.def"
    };
    const auto *found =
        std::lower_bound(std::begin(entities), std::end(entities), name,
                         [](const Entity &entity, std::string_view name) {
                           return entity.name < name;
                         });
    if (found == std::end(entities) || found->name != name)
      return false;
    codePoint = found->codePoint;
    return true;
  }

  /// At most nine digits.
  static bool parseNumber(std::string_view digits, uint32_t &codePoint) {
    uint32_t base = 10;
    if (digits.starts_with('x') || digits.starts_with('X')) {
      base = 16;
      digits.remove_prefix(1);
    }
    uint64_t number = 0;
    for (char letter : digits) {
      unsigned digit = jinja::hexDigit(letter);
      if (digit >= base)
        return false;
      number = number * base + digit;
    }
    bool isCharacter = number > 0 && number <= 0x10FFFF &&
                       (number < 0xD800 || number > 0xDFFF);
    codePoint = isCharacter ? static_cast<uint32_t>(number) : 0xFFFD;
    return !digits.empty();
  }

  void readTag() {
    std::string_view rest = document.substr(at);
    if (rest.starts_with("<!--")) {
      advance(behind("-->", at + 4));
      return;
    }
    bool isEnd = rest.starts_with("</");
    size_t from = at + 1 + isEnd;
    if (rest.starts_with("<!") || rest.starts_with("<?")) {
      advance(behind(">", at));
      return;
    }
    if (from >= document.size() || !isLetter(document[from])) {
      append("<");
      ++at;
      return;
    }
    std::string name;
    for (; from < document.size() && !isSpace(document[from]) &&
           document[from] != '>' && document[from] != '/' && name.size() < 16;
         ++from)
      name += isLetter(document[from]) ? static_cast<char>(document[from] | 32)
                                       : document[from];
    advance(findTagEnd(from));
    takeTag(name, isEnd);
  }

  /// Behind the ">" of a tag, which attributes may have in quotes.
  size_t findTagEnd(size_t from) const {
    while ((from = document.find_first_of(">\"'", from)) != document.npos) {
      if (document[from] == '>')
        return from + 1;
      // One that is never closed is none.
      size_t close = document.find(document[from], from + 1);
      from = (close == document.npos ? from : close) + 1;
    }
    return document.npos;
  }

  size_t behind(std::string_view mark, size_t from) const {
    size_t found = document.find(mark, from);
    return found == document.npos ? found : found + mark.size();
  }

  /// Goes to the end tag of that name, or to the end.
  void skipContent(std::string_view name) {
    for (size_t end = document.find("</", at); end != document.npos;
         end = document.find("</", end + 2)) {
      std::string_view found = document.substr(end + 2, name.size());
      if (std::equal(found.begin(), found.end(), name.begin(), name.end(),
                     [](char a, char b) { return (a | 32) == b; })) {
        advance(end);
        return;
      }
    }
    advance(document.npos);
  }

  void takeTag(std::string_view name, bool isEnd) {
    bool isHeading = name == "title" || (name.size() == 2 && name[0] == 'h' &&
                                         name[1] >= '1' && name[1] <= '6');
    if (isHeading && !isEnd)
      begin(Block::Heading, name == "title" ? 0 : name[1] - '0');
    else if ((name == "pre" || name == "textarea") && !isEnd)
      begin(Block::Code);
    else if (isHeading || name == "pre" || name == "textarea" ||
             (!isCode() && isOneOf(name, blockElements)))
      begin(Block::Prose);
    else if (!isEnd && isOneOf(name, hiddenElements))
      skipContent(name);
    else if (name == "br")
      beginLine("");
    else if (!isEnd && !isCode())
      takeItem(name);
  }

  void takeItem(std::string_view name) {
    if (name == "li")
      beginLine("- ");
    else if (name == "tr" || name == "dt" || name == "dd" || name == "option")
      beginLine("");
    else if (name == "td" || name == "th")
      beginCell();
  }

  void beginCell() {
    bool isFirst = blocks.empty() || blocks.back().text.empty() ||
                   blocks.back().text.ends_with('\n');
    hasSpace = false;
    append(isFirst ? "| " : " | ");
  }

  std::string_view document;
  size_t at = 0;
  int32_t line = 1;
  std::vector<Block> blocks;
  bool hasSpace = false; // between what was appended and what comes next
};
} // namespace

std::vector<Block> quipu::readHtml(std::string_view document) {
  return HtmlReader(document).read();
}
