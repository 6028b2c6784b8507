//===- TextMethods.cpp - Methods of texts ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"
#include "support/jinja/Characters.h"

using namespace quipu;
using namespace quipu::jinja;

static Value cut(Interpreter &in, const Text &text, size_t begin, size_t end) {
  return in.make(text.slice(begin, end));
}

//===----------------------------------------------------------------------===//
// Ends
//===----------------------------------------------------------------------===//

static Value stripEnds(Interpreter &in, const Value &self, const Bound &given,
                       bool left, bool right) {
  const Text &text = *self.text;
  std::string_view all = text.bytes;
  size_t begin = 0, end = all.size();
  if (!given.has(0) || given[0]->isNone()) {
    if (left)
      begin = end - stripLeft(all).size();
    if (right)
      end = begin + stripRight(all.substr(begin)).size();
    return cut(in, text, begin, end);
  }
  const Text *characters = in.expectText(*given[0], "'strip'");
  if (!characters)
    return {};
  auto isOne = [&](std::string_view character) {
    in.spend(characters->bytes.size());
    return characters->bytes.find(character) != std::string::npos;
  };
  while (left && begin < end) {
    size_t bytes = characterBytes(all[begin]);
    if (!isOne(all.substr(begin, bytes)))
      break;
    begin += bytes;
  }
  while (right && begin < end) {
    size_t last = end - 1;
    while ((static_cast<unsigned char>(all[last]) & 0xC0) == 0x80)
      --last;
    if (!isOne(all.substr(last, end - last)))
      break;
    end = last;
  }
  return cut(in, text, begin, end);
}

Value methods::strip(Interpreter &in, const Value &self, const Bound &given) {
  return stripEnds(in, self, given, true, true);
}
Value methods::lstrip(Interpreter &in, const Value &self, const Bound &given) {
  return stripEnds(in, self, given, true, false);
}
Value methods::rstrip(Interpreter &in, const Value &self, const Bound &given) {
  return stripEnds(in, self, given, false, true);
}

/// Whether `test` holds for the text given, or for one of a tuple's.
template <typename Test>
static Value anyText(Interpreter &in, const Value &given, Test test) {
  std::vector<Value> texts = {given};
  if (given.kind == Kind::Sequence && given.sequence->form == Form::Tuple) {
    texts.clear();
    in.iterate(given, texts);
  }
  bool holds = false;
  for (const Value &value : texts)
    if (const Text *text = in.expectText(value, "'startswith' or 'endswith'"))
      holds |= test(text->bytes);
  return Value(holds);
}

Value methods::startsWith(Interpreter &in, const Value &self,
                          const Bound &given) {
  return anyText(in, *given[0], [&](std::string_view text) {
    return self.text->bytes.starts_with(text);
  });
}

Value methods::endsWith(Interpreter &in, const Value &self,
                        const Bound &given) {
  return anyText(in, *given[0], [&](std::string_view text) {
    return self.text->bytes.ends_with(text);
  });
}

Value methods::removePrefix(Interpreter &in, const Value &self,
                            const Bound &given) {
  const Text *prefix = in.expectText(*given[0], "'removeprefix'");
  if (!prefix || !self.text->bytes.starts_with(prefix->bytes))
    return self;
  return cut(in, *self.text, prefix->bytes.size(), self.text->bytes.size());
}

Value methods::removeSuffix(Interpreter &in, const Value &self,
                            const Bound &given) {
  const Text *suffix = in.expectText(*given[0], "'removesuffix'");
  if (!suffix || !self.text->bytes.ends_with(suffix->bytes))
    return self;
  return cut(in, *self.text, 0, self.text->bytes.size() - suffix->bytes.size());
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

/// Parts between occurrences of `separator`, or between white space if it is
/// null, at most `most` times.
static std::vector<ByteSpan> splitText(std::string_view text,
                                       const Text *separator, uint64_t most) {
  std::vector<ByteSpan> parts;
  if (separator) {
    size_t begin = 0, found;
    while (parts.size() < most &&
           (found = text.find(separator->bytes, begin)) != text.npos) {
      parts.push_back({begin, found});
      begin = found + separator->bytes.size();
    }
    parts.push_back({begin, text.size()});
    return parts;
  }
  size_t at = text.size() - stripLeft(text).size();
  while (at < text.size()) {
    if (parts.size() == most) {
      parts.push_back({at, stripRight(text).size()});
      break;
    }
    size_t end = at;
    while (end < text.size() && spaceBytes(text.substr(end)) == 0)
      end += characterBytes(text[end]);
    parts.push_back({at, end});
    at = text.size() - stripLeft(text.substr(end)).size();
  }
  return parts;
}

/// The same from the end on.
static std::vector<ByteSpan>
splitTextBack(std::string_view text, const Text *separator, uint64_t most) {
  std::vector<ByteSpan> parts;
  if (separator) {
    size_t end = text.size(), size = separator->bytes.size();
    while (parts.size() < most && end >= size) {
      size_t found = text.substr(0, end).rfind(separator->bytes);
      if (found == text.npos)
        break;
      parts.push_back({found + size, end});
      end = found;
    }
    parts.push_back({0, end});
  } else {
    std::string_view rest = stripRight(text);
    while (!rest.empty()) {
      if (parts.size() == most) {
        parts.push_back({0, rest.size()});
        break;
      }
      size_t begin = rest.size();
      while (begin > 0 && spaceBytesBack(rest.substr(0, begin)) == 0) {
        --begin;
        while ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
          --begin;
      }
      parts.push_back({begin, rest.size()});
      rest = stripRight(rest.substr(0, begin));
    }
  }
  std::ranges::reverse(parts);
  return parts;
}

static Value listParts(Interpreter &in, const Text &text,
                       const std::vector<ByteSpan> &parts) {
  std::vector<Value> items;
  for (const ByteSpan &part : parts)
    if (in.spend(64))
      items.push_back(cut(in, text, part.begin, part.end));
  return in.make(Form::List, std::move(items));
}

template <typename Split>
static Value splitWith(Interpreter &in, const Value &self, const Bound &given,
                       Split split) {
  const Text *separator = nullptr;
  if (given.has(0) && !given[0]->isNone()) {
    separator = in.expectText(*given[0], "'split'");
    if (separator && separator->bytes.empty())
      in.fail("the separator of 'split' is empty");
  }
  int64_t most = given.has(1) ? in.expectWhole(*given[1], "'split'") : -1;
  if (in.hasFailed())
    return {};
  return listParts(in, *self.text,
                   split(self.text->bytes, separator,
                         most < 0 ? UINT64_MAX : static_cast<uint64_t>(most)));
}

Value methods::split(Interpreter &in, const Value &self, const Bound &given) {
  return splitWith(in, self, given, splitText);
}

Value methods::rsplit(Interpreter &in, const Value &self, const Bound &given) {
  return splitWith(in, self, given, splitTextBack);
}

std::vector<ByteSpan> quipu::jinja::splitLines(std::string_view text,
                                               bool keeps) {
  std::vector<ByteSpan> lines;
  for (size_t begin = 0, at = 0; begin < text.size();) {
    size_t bytes = 0;
    while (at < text.size()) {
      bytes = characterBytes(text[at]);
      uint32_t code = readCharacter(text.substr(at));
      if ((code >= 0xA && code <= 0xD) || (code >= 0x1C && code <= 0x1E) ||
          code == 0x85 || code == 0x2028 || code == 0x2029)
        break;
      at += bytes;
    }
    size_t next = std::min(at + bytes, text.size());
    if (at < text.size() && text[at] == '\r' && next < text.size() &&
        text[next] == '\n')
      ++next;
    lines.push_back({begin, keeps ? next : std::min(at, text.size())});
    begin = at = next;
  }
  return lines;
}

Value methods::splitLinesOf(Interpreter &in, const Value &self,
                            const Bound &given) {
  bool keeps = given.has(0) && in.isTrue(*given[0]);
  return listParts(in, *self.text, splitLines(self.text->bytes, keeps));
}

static Value partitionAt(Interpreter &in, const Value &self, const Bound &given,
                         bool fromEnd) {
  const Text *separator = in.expectText(*given[0], "'partition'");
  if (!separator || separator->bytes.empty()) {
    in.fail("the separator of 'partition' is empty");
    return {};
  }
  const Text &text = *self.text;
  size_t found = fromEnd ? text.bytes.rfind(separator->bytes)
                         : text.bytes.find(separator->bytes);
  Value empty = in.make(std::string());
  if (found == std::string::npos)
    return in.make(Form::Tuple, fromEnd
                                    ? std::vector<Value>{empty, empty, self}
                                    : std::vector<Value>{self, empty, empty});
  size_t end = found + separator->bytes.size();
  return in.make(Form::Tuple,
                 {cut(in, text, 0, found), cut(in, text, found, end),
                  cut(in, text, end, text.bytes.size())});
}

Value methods::partition(Interpreter &in, const Value &self,
                         const Bound &given) {
  return partitionAt(in, self, given, false);
}
Value methods::rpartition(Interpreter &in, const Value &self,
                          const Bound &given) {
  return partitionAt(in, self, given, true);
}

Value methods::joinText(Interpreter &in, const Value &self,
                        const Bound &given) {
  std::vector<Value> items;
  in.iterate(*given[0], items);
  Text result;
  result.isMarkup = self.text->isMarkup;
  for (size_t i = 0; i < items.size(); ++i) {
    const Text *item = in.expectText(items[i], "'join'");
    if (!item || !in.spend(self.text->bytes.size() + item->bytes.size()))
      return {};
    if (i != 0)
      result.append(*self.text);
    result.append(result.isMarkup ? escapeHtml(*item) : *item);
  }
  return in.make(std::move(result));
}

Value quipu::jinja::replaceText(Interpreter &in, const Text &text,
                                const Text &old, const Text &by,
                                int64_t count) {
  Text result;
  result.isMarkup = text.isMarkup;
  size_t at = 0;
  while (count != 0 && in.spend(by.bytes.size() + 8)) {
    size_t found = text.bytes.find(old.bytes, at);
    if (found == std::string::npos)
      break;
    result.append(text, at, found);
    result.append(by);
    at = found + old.bytes.size();
    count -= count > 0;
    if (!old.bytes.empty())
      continue;
    // Nothing stands before each character, and at the end.
    if (at == text.bytes.size())
      return in.make(std::move(result));
    size_t next = at + characterBytes(text.bytes[at]);
    result.append(text, at, next);
    at = next;
  }
  result.append(text, at, text.bytes.size());
  return in.make(std::move(result));
}

Value methods::replace(Interpreter &in, const Value &self, const Bound &given) {
  const Text *old = in.expectText(*given[0], "'replace'");
  const Text *by = in.expectText(*given[1], "'replace'");
  int64_t count = given.has(2) ? in.expectWhole(*given[2], "'replace'") : -1;
  return in.hasFailed() ? Value()
                        : replaceText(in, *self.text, *old, *by, count);
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// The bytes between the characters `start` and `end` that a method is given.
static ByteSpan window(Interpreter &in, const Text &text, const Bound &given) {
  auto length = static_cast<int64_t>(text.countCharacters());
  auto place = [&](size_t argument, int64_t otherwise) {
    if (!given.has(argument) || given[argument]->isNone())
      return otherwise;
    int64_t at = in.expectWhole(*given[argument], "a place in a text");
    return std::clamp<int64_t>(at < 0 ? at + length : at, 0, length);
  };
  size_t begin = text.findCharacter(place(1, 0));
  return {begin, std::max(begin, text.findCharacter(place(2, length)))};
}

static Value findIn(Interpreter &in, const Value &self, const Bound &given,
                    bool fromEnd, bool mustBe) {
  const Text &text = *self.text;
  const Text *part = in.expectText(*given[0], "'find'");
  in.spend(text.bytes.size());
  ByteSpan span = window(in, text, given);
  if (in.hasFailed())
    return {};
  std::string_view within =
      std::string_view(text.bytes).substr(span.begin, span.end - span.begin);
  size_t found = fromEnd ? within.rfind(part->bytes) : within.find(part->bytes);
  if (found == within.npos) {
    if (mustBe)
      in.fail("'index' does not find the text");
    return Value(int64_t(-1));
  }
  return Value(static_cast<int64_t>(
      text.slice(0, span.begin + found).countCharacters()));
}

Value methods::find(Interpreter &in, const Value &self, const Bound &given) {
  return findIn(in, self, given, false, false);
}
Value methods::rfind(Interpreter &in, const Value &self, const Bound &given) {
  return findIn(in, self, given, true, false);
}
Value methods::indexText(Interpreter &in, const Value &self,
                         const Bound &given) {
  return findIn(in, self, given, false, true);
}
Value methods::rindex(Interpreter &in, const Value &self, const Bound &given) {
  return findIn(in, self, given, true, true);
}

Value methods::countText(Interpreter &in, const Value &self,
                         const Bound &given) {
  const Text *part = in.expectText(*given[0], "'count'");
  ByteSpan span = window(in, *self.text, given);
  if (in.hasFailed() || !in.spend(self.text->bytes.size()))
    return {};
  Text within = self.text->slice(span.begin, span.end);
  if (part->bytes.empty())
    return Value(static_cast<int64_t>(within.countCharacters()) + 1);
  return Value(static_cast<int64_t>(
      splitText(within.bytes, part, UINT64_MAX).size() - 1));
}

//===----------------------------------------------------------------------===//
// Widths
//===----------------------------------------------------------------------===//

static Value pad(Interpreter &in, const Value &self, const Bound &given,
                 bool left, bool right) {
  const Text &text = *self.text;
  Text blank(" ");
  const Text *fill =
      given.has(1) ? in.expectText(*given[1], "a fill character") : &blank;
  int64_t width = in.expectWhole(*given[0], "a width");
  auto length = static_cast<int64_t>(text.countCharacters());
  if (fill && fill->countCharacters() != 1)
    in.fail("a fill character is one character");
  if (width > (1 << 20))
    in.fail("a width is at most " + std::to_string(1 << 20));
  if (in.hasFailed() || width <= length)
    return self;
  int64_t missing = width - length, before = left ? missing : 0;
  if (left && right)
    before = missing / 2 + (missing & width & 1);
  Text result;
  result.isMarkup = text.isMarkup;
  for (int64_t i = 0; i < before; ++i)
    result.append(*fill);
  result.append(text);
  for (int64_t i = before; i < missing; ++i)
    result.append(*fill);
  return in.make(std::move(result));
}

Value methods::center(Interpreter &in, const Value &self, const Bound &given) {
  return pad(in, self, given, true, true);
}
Value methods::ljust(Interpreter &in, const Value &self, const Bound &given) {
  return pad(in, self, given, false, true);
}
Value methods::rjust(Interpreter &in, const Value &self, const Bound &given) {
  return pad(in, self, given, true, false);
}

Value methods::zfill(Interpreter &in, const Value &self, const Bound &given) {
  const Text &text = *self.text;
  bool isSigned = text.bytes.starts_with('-') || text.bytes.starts_with('+');
  Value zero = in.make(std::string("0"));
  Value width(in.expectWhole(*given[0], "'zfill'") - isSigned);
  Bound as;
  as.values = {&width, &zero};
  Value padded = rjust(in, cut(in, text, isSigned, text.bytes.size()), as);
  return isSigned ? in.add(cut(in, text, 0, 1), padded) : padded;
}

//===----------------------------------------------------------------------===//
// Cases and classes
//===----------------------------------------------------------------------===//

Value methods::upperText(Interpreter &in, const Value &self, const Bound &) {
  return filters::upper(in, self, {});
}
Value methods::lowerText(Interpreter &in, const Value &self, const Bound &) {
  return filters::lower(in, self, {});
}
Value methods::capitalizeText(Interpreter &in, const Value &self,
                              const Bound &) {
  return filters::capitalize(in, self, {});
}

/// Python's title: words are letters behind others.
Value methods::titleText(Interpreter &in, const Value &self, const Bound &) {
  const Text &text = *self.text;
  Text result;
  result.isMarkup = text.isMarkup;
  bool isInside = false;
  for (size_t at = 0; at < text.bytes.size();) {
    size_t end = at + characterBytes(text.bytes[at]);
    uint32_t code = readCharacter(std::string_view(text.bytes).substr(at));
    Text character = text.slice(at, end);
    if (isInside)
      result.appendChanged(character, toLower);
    else
      result.appendChanged(character, toTitle);
    isInside = isUpper(code) || isLower(code);
    at = end;
  }
  return in.make(std::move(result));
}

/// Whether there are characters and all are of a class.
template <typename Class>
static Value areAll(const Value &self, Class isOfClass) {
  std::string_view rest = self.text->bytes;
  bool holds = !rest.empty();
  for (; !rest.empty(); rest.remove_prefix(characterBytes(rest[0])))
    holds &= isOfClass(readCharacter(rest));
  return Value(holds);
}

/// Whether some character is of a class, and none of the other.
template <typename Class, typename Other>
static Value areOnly(const Value &self, Class isOfClass, Other isOfOther) {
  std::string_view rest = self.text->bytes;
  bool some = false, others = false;
  for (; !rest.empty(); rest.remove_prefix(characterBytes(rest[0]))) {
    some |= isOfClass(readCharacter(rest));
    others |= isOfOther(readCharacter(rest));
  }
  return Value(some && !others);
}

Value methods::isAlpha(Interpreter &, const Value &self, const Bound &) {
  return areAll(self, isAlphabetic);
}
Value methods::isAlnum(Interpreter &, const Value &self, const Bound &) {
  return areAll(self, [](uint32_t code) {
    return isAlphabetic(code) || isNumeric(code);
  });
}
Value methods::isDecimalText(Interpreter &, const Value &self, const Bound &) {
  return areAll(self, isDecimal);
}
Value methods::isDecimalDigits(Interpreter &, const Value &self,
                               const Bound &) {
  return areAll(self, isDigit);
}
Value methods::isNumericText(Interpreter &, const Value &self, const Bound &) {
  return areAll(self, isNumeric);
}
Value methods::isSpaceText(Interpreter &, const Value &self, const Bound &) {
  return Value(isSpace(self.text->bytes));
}
Value methods::isUpperText(Interpreter &, const Value &self, const Bound &) {
  return areOnly(self, isUpper, isLower);
}
Value methods::isLowerText(Interpreter &, const Value &self, const Bound &) {
  return areOnly(self, isLower, isUpper);
}
