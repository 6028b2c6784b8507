//===- KeyReader.cpp - What is typed on a terminal ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/KeyReader.h"
#include "support/Descriptors.h"
#include "support/Utf8.h"
#include <poll.h>

using namespace quipu;

/// How long the rest of what a key sends may take; Escape alone is a key, too.
static constexpr int escapeMilliseconds = 50;

/// What Ctrl and a letter do, and what some keys send: as in Emacs and
/// readline.
static Key::Kind findControl(unsigned char byte) {
  switch (byte) {
  case 'A' - '@':
    return Key::LineBegin;
  case 'B' - '@':
    return Key::Left;
  case 'C' - '@':
    return Key::Interrupt;
  case 'D' - '@':
    return Key::EraseBehind;
  case 'E' - '@':
    return Key::LineEnd;
  case 'F' - '@':
    return Key::Right;
  case 'H' - '@':
  case 0x7F:
    return Key::EraseBefore;
  case '\t':
    return Key::Complete;
  case '\n':
  case '\r':
    return Key::Enter;
  case 'K' - '@':
    return Key::EraseToLineEnd;
  case 'L' - '@':
    return Key::ClearScreen;
  case 'N' - '@':
    return Key::Down;
  case 'P' - '@':
    return Key::Up;
  case 'U' - '@':
    return Key::EraseToLineBegin;
  case 'W' - '@':
    return Key::EraseWordBefore;
  case 'Y' - '@':
    return Key::PutBack;
  case 'Z' - '@':
    return Key::Suspend;
  default:
    return Key::Other;
  }
}

/// The arrows, Home and End, by the last letter of what they send.
static Key::Kind findLetter(char letter, bool isModified) {
  switch (letter) {
  case 'A':
    return Key::Up;
  case 'B':
    return Key::Down;
  case 'C':
    return isModified ? Key::WordRight : Key::Right;
  case 'D':
    return isModified ? Key::WordLeft : Key::Left;
  case 'H':
    return Key::LineBegin;
  case 'F':
    return Key::LineEnd;
  default:
    return Key::Other;
  }
}

int KeyReader::readByte(int milliseconds) {
  if (used < buffer.size())
    return static_cast<unsigned char>(buffer[used++]);
  pollfd awaited = {terminal, POLLIN, 0};
  if (milliseconds >= 0 && poll(&awaited, 1, milliseconds) == 0)
    return -1;
  char bytes[4096];
  ssize_t count = readSome(terminal, bytes, sizeof(bytes));
  if (count <= 0)
    return -1;
  buffer.assign(bytes, static_cast<size_t>(count));
  used = 1;
  return static_cast<unsigned char>(buffer[0]);
}

Key KeyReader::readPasted() {
  static constexpr std::string_view end = "\033[201~";
  std::string text;
  while (!text.ends_with(end)) {
    int byte = readByte();
    if (byte < 0)
      return {Key::Closed};
    text += static_cast<char>(byte);
  }
  text.resize(text.size() - end.size());
  // Terminals paste the ends of lines as Enter.
  std::string clean, lines;
  appendAsUtf8(clean, text);
  for (size_t i = 0; i < clean.size(); ++i) {
    auto byte = static_cast<unsigned char>(clean[i]);
    if (byte == '\r') {
      if (i + 1 == clean.size() || clean[i + 1] != '\n')
        lines += '\n';
    } else if (byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 0x7F)) {
      lines += clean[i];
    }
  }
  return {Key::Text, lines};
}

Key KeyReader::readControlSequence() {
  std::string parameters;
  for (;;) {
    int byte = readByte(escapeMilliseconds);
    if (byte < 0)
      return {Key::Other};
    if (byte >= 0x40 && byte <= 0x7E) {
      auto letter = static_cast<char>(byte);
      if (letter != '~')
        return {findLetter(letter, parameters.find(';') != parameters.npos)};
      if (parameters == "200")
        return readPasted();
      if (parameters == "1" || parameters == "7")
        return {Key::LineBegin};
      if (parameters == "4" || parameters == "8")
        return {Key::LineEnd};
      return {parameters == "3" ? Key::Delete : Key::Other};
    }
    parameters += static_cast<char>(byte);
  }
}

Key KeyReader::readEscape() {
  int byte = readByte(escapeMilliseconds);
  switch (byte) {
  case '[':
    return readControlSequence();
  case 'O':
    byte = readByte(escapeMilliseconds);
    return {findLetter(static_cast<char>(byte), false)};
  case '\r':
  case '\n':
    return {Key::NewLine};
  case 'b':
    return {Key::WordLeft};
  case 'f':
    return {Key::WordRight};
  case 'd':
    return {Key::EraseWordBehind};
  case 0x7F:
  case 'H' - '@':
    return {Key::EraseWordBefore};
  default:
    return {Key::Other};
  }
}

Key KeyReader::readCharacter(unsigned char lead) {
  std::string text(1, static_cast<char>(lead));
  for (unsigned bytes = utf8Length(lead); text.size() < bytes;) {
    int byte = readByte(escapeMilliseconds);
    if (byte < 0)
      break;
    text += static_cast<char>(byte);
  }
  return isUtf8(text) ? Key{Key::Text, text} : Key{Key::Other};
}

Key KeyReader::read() {
  int byte = readByte();
  if (byte < 0)
    return {Key::Closed};
  if (byte == 0x1B)
    return readEscape();
  if (byte < ' ' || byte == 0x7F)
    return {findControl(static_cast<unsigned char>(byte))};
  return readCharacter(static_cast<unsigned char>(byte));
}
