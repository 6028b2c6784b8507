//===- KeyReader.h - What is typed on a terminal ----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_KEYREADER_H
#define QUIPU_RUNTIME_CHAT_KEYREADER_H

#include <string>

namespace quipu {

struct Key {
  enum Kind {
    Text, // a character, or what was pasted
    Enter,
    NewLine, // Alt-Enter
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    LineBegin,
    LineEnd,
    EraseBefore,
    EraseBehind, // or at an empty text the end: Ctrl-D
    Delete,
    EraseWordBefore,
    EraseWordBehind,
    EraseToLineBegin,
    EraseToLineEnd,
    PutBack,
    ClearScreen,
    Complete,
    Interrupt,
    Suspend,
    Closed, // the terminal has gone
    Other,
  };
  Kind kind;
  std::string text = {};
};

/// Makes keys of a terminal's bytes, which is in raw mode.
class KeyReader {
public:
  explicit KeyReader(int terminal) : terminal(terminal) {}

  Key read();
  /// Whether more was typed, so that nobody sees what is drawn now.
  bool hasMore() const { return used < buffer.size(); }

private:
  /// -1: none comes, within `milliseconds` if that is not negative.
  int readByte(int milliseconds = -1);
  Key readEscape();
  Key readControlSequence();
  Key readPasted();
  Key readCharacter(unsigned char lead);

  int terminal;
  std::string buffer; // read, and not used yet
  size_t used = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_KEYREADER_H
