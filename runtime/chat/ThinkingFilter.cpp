//===- ThinkingFilter.cpp - What a model thinks and what it says ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/ThinkingFilter.h"
#include <algorithm>

using namespace quipu;

namespace {
enum class Turn { ToThoughts, ToAnswer };
struct Mark {
  std::string_view text;
  Turn turn;
};
} // namespace

static constexpr Mark marks[] = {
    {"<think>", Turn::ToThoughts},
    {"</think>", Turn::ToAnswer},
    {"[THINK]", Turn::ToThoughts},
    {"[/THINK]", Turn::ToAnswer},
    // gpt-oss, whose answers are several messages on channels.
    {"<|channel|>analysis<|message|>", Turn::ToThoughts},
    {"<|channel|>commentary<|message|>", Turn::ToAnswer},
    {"<|channel|>final<|message|>", Turn::ToAnswer},
    {"<|end|><|start|>assistant", Turn::ToAnswer},
};

static bool isSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

ThinkingFilter::ThinkingFilter(std::string_view prompt, Reader read)
    : read(std::move(read)) {
  while (!prompt.empty() && isSpace(prompt.back()))
    prompt.remove_suffix(1);
  isThinking = std::ranges::any_of(marks, [&](const Mark &mark) {
    return mark.turn == Turn::ToThoughts && prompt.ends_with(mark.text);
  });
  isAtBegin = isThinking;
}

bool ThinkingFilter::isMark(std::string_view controlToken) {
  return std::ranges::any_of(marks, [&](const Mark &mark) {
    return mark.text.find(controlToken) != mark.text.npos;
  });
}

void ThinkingFilter::give(std::string_view text) {
  while (isAtBegin && !text.empty() && isSpace(text[0]))
    text.remove_prefix(1);
  if (text.empty())
    return;
  isAtBegin = false;
  size_t end = text.size();
  while (isThinking && end > 0 && isSpace(text[end - 1]))
    --end;
  if (end > 0) {
    if (!spaces.empty())
      read(spaces, isThinking);
    spaces.clear();
    read(text.substr(0, end), isThinking);
  }
  spaces += text.substr(end);
}

void ThinkingFilter::push(std::string_view text) {
  pending += text;
  for (;;) {
    size_t begin = pending.npos;
    const Mark *found = nullptr;
    for (const Mark &mark : marks)
      if (size_t at = pending.find(mark.text); at < begin) {
        begin = at;
        found = &mark;
      }
    if (!found)
      break;
    give(std::string_view(pending).substr(0, begin));
    pending.erase(0, begin + found->text.size());
    isThinking = found->turn == Turn::ToThoughts;
    isAtBegin = true;
    spaces.clear();
  }
  // The longest end that a mark begins with waits for more.
  size_t kept = 0;
  for (const Mark &mark : marks)
    for (size_t n = std::min(mark.text.size() - 1, pending.size()); n > kept;
         --n)
      if (pending.ends_with(mark.text.substr(0, n)))
        kept = n;
  size_t end = pending.size() - kept;
  give(std::string_view(pending).substr(0, end));
  pending.erase(0, end);
}

void ThinkingFilter::finish() {
  give(pending);
  pending.clear();
}
