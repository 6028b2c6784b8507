//===- TextSteps.cpp - Normalise and split a text -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/TextSteps.h"
#include "runtime/text/Matcher.h"
#include "runtime/text/NormalForms.h"

using namespace quipu;

namespace {

/// Calls `handle(begin, end, isMatch)` for what a matcher finds in a text and
/// for what lies between, in order; an empty match ends what is before it.
template <typename Handler>
void findMatches(const Matcher &matcher, std::string_view text,
                 Handler handle) {
  size_t gap = 0, at = 0;
  while (at < text.size()) {
    size_t end = matcher.match(text, at);
    if (end == Matcher::none || (end == at && gap == at)) {
      at = matcher.advance(text, at);
      continue;
    }
    if (gap != at)
      handle(gap, at, false);
    if (end != at)
      handle(at, end, true);
    gap = at;
    if (end != at)
      gap = at = end;
    else
      at = matcher.advance(text, at);
  }
  if (gap != text.size())
    handle(gap, text.size(), false);
}

} // namespace

/// Appends the pieces of `text`, as tokenizers' SplitDelimiterBehavior has it.
static void splitByMatches(const Matcher &matcher, SplitBehaviour behaviour,
                           bool isInverted, std::string_view text,
                           std::vector<std::string_view> &pieces) {
  size_t first = pieces.size();
  bool wasMatch = false;
  auto extend = [&](size_t end) {
    std::string_view &last = pieces.back();
    last = {last.data(), size_t(text.data() + end - last.data())};
  };
  // A match that waits for what it is merged with.
  size_t waiting = Matcher::none;
  findMatches(matcher, text, [&](size_t begin, size_t end, bool isMatch) {
    isMatch ^= isInverted;
    bool isMerged = false;
    switch (behaviour) {
    case SplitBehaviour::Removed:
      if (isMatch)
        return;
      break;
    case SplitBehaviour::MergedWithPrevious:
      isMerged = isMatch && !wasMatch;
      break;
    case SplitBehaviour::Contiguous:
      isMerged = isMatch == wasMatch;
      break;
    case SplitBehaviour::MergedWithNext:
      // Of several matches in a row the last one.
      if (waiting != Matcher::none && isMatch)
        pieces.push_back(text.substr(waiting, begin - waiting));
      else if (waiting != Matcher::none)
        begin = waiting;
      waiting = Matcher::none;
      if (isMatch) {
        waiting = begin;
        return;
      }
      break;
    case SplitBehaviour::Isolated:
    case SplitBehaviour::Groups:
      break;
    }
    wasMatch = isMatch;
    if (isMerged && pieces.size() > first)
      extend(end);
    else
      pieces.push_back(text.substr(begin, end - begin));
  });
  if (waiting != Matcher::none)
    pieces.push_back(text.substr(waiting));
}

/// Cuts `text` before each group of `size` characters of a match, counted from
/// its end: "1234567" becomes "1", "234", "567".
static void splitByGroups(const Matcher &matcher, uint32_t size,
                          std::string_view text,
                          std::vector<std::string_view> &pieces) {
  size_t open = 0;
  findMatches(matcher, text, [&](size_t begin, size_t end, bool isMatch) {
    uint32_t characters = 0;
    for (size_t at = begin; isMatch && at < end; at = matcher.advance(text, at))
      ++characters;
    for (size_t at = begin; characters >= size;
         at = matcher.advance(text, at), --characters)
      if (characters % size == 0 && at > open) {
        pieces.push_back(text.substr(open, at - open));
        open = at;
      }
  });
  pieces.push_back(text.substr(open));
}

void TextSteps::map(const TextStep &step, std::string_view text,
                    std::string &out) const {
  CodePointMap<uint32_t> values(
      image, getTable<CodePointTable>(image, image.maps)[step.table]);
  const char *mapText = getTable<char>(image, image.mapText).data();
  const char *at = text.data(), *end = at + text.size(), *copied = at;
  while (at != end) {
    const char *begin = at;
    uint32_t value = values[takeCodePoint(at)];
    if (value == 0)
      continue;
    out.append(copied, begin).append(mapText + (value >> 8), value & 0xff);
    copied = at;
  }
  out.append(copied, end);
}

void TextSteps::replacePrefixes(const TextStep &step, std::string_view text,
                                std::string &out) const {
  Trie trie(image, getTable<ImageTable>(image, image.tries)[step.table]);
  const char *mapText = getTable<char>(image, image.mapText).data();
  size_t at = 0;
  while (at < text.size()) {
    int32_t found = noToken;
    size_t length = getCharacterBytes(text[at]);
    uint32_t node = Trie::root;
    for (size_t i = at; i < text.size(); ++i) {
      node = trie.getChild(node, text[i]);
      if (node == Trie::none)
        break;
      if (trie.getValue(node) == noToken)
        continue;
      found = trie.getValue(node);
      length = i + 1 - at;
    }
    if (found == noToken)
      out += text.substr(at, length);
    else
      out.append(mapText + (uint32_t(found) >> 8), found & 0xff);
    at += length;
  }
}

void TextSteps::replace(const TextStep &step, std::string_view text,
                        std::string &out) const {
  std::string_view content = getText(image, step.text);
  findMatches(Matcher(image, step.automaton), text,
              [&](size_t begin, size_t end, bool isMatch) {
                std::string_view found = text.substr(begin, end - begin);
                if (!isMatch)
                  out += found;
                else if (step.kind == StepKind::Surround)
                  out.append(content).append(found).append(content);
                else
                  out += content;
              });
}

std::string_view TextSteps::strip(const TextStep &step,
                                  std::string_view text) const {
  CodePointMap<uint8_t> spaces(image, image.spaces);
  auto isSpace = [&](const char *at) {
    return (step.how & 4) ? *at == ' ' : (spaces[takeCodePoint(at)] & 1) != 0;
  };
  while ((step.how & 1) && !text.empty() && isSpace(text.data()))
    text.remove_prefix(getCharacterBytes(text[0]));
  while ((step.how & 2) && !text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (text[last] & 0xC0) == 0x80)
      --last;
    if (!isSpace(text.data() + last))
      break;
    text = text.substr(0, last);
  }
  return text;
}

void TextSteps::change(const TextStep &step, std::string_view text,
                       bool isBeginning, std::string &out) const {
  std::string_view content = getText(image, step.text);
  switch (step.kind) {
  case StepKind::Split:
    break;
  case StepKind::Replace:
  case StepKind::Surround:
    return replace(step, text, out);
  case StepKind::MapCharacters:
    return map(step, text, out);
  case StepKind::Normalize:
    return appendNormalForm(image, step, text, out);
  case StepKind::Precompiled:
    return replacePrefixes(step, text, out);
  case StepKind::Strip:
    text = strip(step, text);
    break;
  case StepKind::Prepend: {
    auto when = PrependWhen(step.how);
    if (!text.empty() && (when == PrependWhen::NotEmpty ||
                          ((isBeginning || when == PrependWhen::Missing) &&
                           !text.starts_with(content))))
      out += content;
    break;
  }
  case StepKind::Append:
    if (!text.empty())
      out.append(text).append(content);
    return;
  }
  out += text;
}

void TextSteps::normalize(std::string &text, bool isBeginning) {
  std::string changed;
  for (const TextStep &step : getTable<TextStep>(image, image.normalizer)) {
    changed.clear();
    change(step, text, isBeginning, changed);
    text.swap(changed);
  }
}

const std::vector<std::string_view> &TextSteps::split(std::string_view text,
                                                      bool isBeginning) {
  pieces.clear();
  if (text.empty())
    return pieces;
  pieces.push_back(text);
  std::string *buffer = &buffers[0], *other = &buffers[1];
  for (const TextStep &step : getTable<TextStep>(image, image.splits)) {
    scratch.clear();
    if (step.kind == StepKind::Split) {
      Matcher matcher(image, step.automaton);
      auto behaviour = SplitBehaviour(step.how & 0xff);
      for (std::string_view piece : pieces)
        if (behaviour == SplitBehaviour::Groups)
          splitByGroups(matcher, step.how >> 16, piece, scratch);
        else
          splitByMatches(matcher, behaviour, (step.how & 0x100) != 0, piece,
                         scratch);
    } else {
      buffer->clear();
      ends.clear();
      for (std::string_view piece : pieces) {
        change(step, piece, isBeginning && ends.empty(), *buffer);
        ends.push_back(buffer->size());
      }
      size_t begin = 0;
      for (size_t end : ends) {
        if (end != begin)
          scratch.push_back(
              std::string_view(*buffer).substr(begin, end - begin));
        begin = end;
      }
      std::swap(buffer, other);
    }
    pieces.swap(scratch);
  }
  return pieces;
}
