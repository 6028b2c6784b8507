//===- EditedText.h - A text and a cursor in it -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_EDITEDTEXT_H
#define QUIPU_RUNTIME_CHAT_EDITEDTEXT_H

#include <cstddef>
#include <string>
#include <string_view>

namespace quipu {

/// What a user is writing: well-formed UTF-8 in one or several lines. The
/// cursor stands between characters as a reader sees them: an accent belongs to
/// its letter.
class EditedText {
public:
  const std::string &text() const { return content; }
  size_t cursor() const { return at; }
  bool empty() const { return content.empty(); }

  /// Puts the cursor behind it.
  void set(std::string text);
  void insert(std::string_view text);

  void left();
  void right();
  void wordLeft();
  void wordRight();
  void lineBegin();
  void lineEnd();
  /// To the same place of the line above or below; false if there is none.
  bool up();
  bool down();

  void eraseBefore();
  void eraseBehind();
  void eraseWordBefore();
  void eraseWordBehind();
  void eraseToLineBegin();
  void eraseToLineEnd();
  /// Inserts what the last erased word or part of a line was.
  void putBack() { insert(std::string(erased)); }

private:
  size_t previous(size_t from) const;
  size_t next(size_t from) const;
  size_t previousWord() const;
  size_t nextWord() const;
  size_t beginOfLine(size_t of) const;
  size_t endOfLine(size_t of) const;
  /// Moves to where as many characters are on the left as now.
  void moveToLine(size_t begin);
  void erase(size_t begin, size_t end);

  std::string content, erased;
  size_t at = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_EDITEDTEXT_H
