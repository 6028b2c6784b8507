//===- ThinkingFilter.h - What a model thinks and what it says --*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_THINKINGFILTER_H
#define QUIPU_RUNTIME_CHAT_THINKINGFILTER_H

#include <functional>
#include <string>
#include <string_view>

namespace quipu {

/// Divides the text of an answer, as it comes, into what the model thinks and
/// what it says: models mark their thoughts, by <think>, by [THINK], or by a
/// channel of their own. The marks are left out, and white space around
/// thoughts.
class ThinkingFilter {
public:
  using Reader = std::function<void(std::string_view text, bool isThinking)>;

  /// `prompt` is the end of what the model goes on from: a template may have
  /// opened the thoughts.
  ThinkingFilter(std::string_view prompt, Reader read);

  /// Whether a control token of that name is a part of a mark; others are no
  /// text of an answer.
  static bool isMark(std::string_view controlToken);

  void push(std::string_view text);
  /// Gives what could have become a mark.
  void finish();

private:
  void give(std::string_view text);

  Reader read;
  std::string pending; // may be the beginning of a mark
  std::string spaces;  // that nothing but a mark has followed
  bool isThinking = false;
  bool isAtBegin = false; // of thoughts or of what follows them
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_THINKINGFILTER_H
