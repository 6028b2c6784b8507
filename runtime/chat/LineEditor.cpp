//===- LineEditor.cpp - Writing a text on a terminal ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/LineEditor.h"
#include "runtime/chat/TextLayout.h"
#include "support/Descriptors.h"
#include <csignal>
#include <sys/ioctl.h>

using namespace quipu;

// ECMA-48's and xterm's control sequences.
static constexpr std::string_view eraseBelow = "\033[J",
                                  clearScreen = "\033[H\033[2J",
                                  bracketPastes = "\033[?2004h",
                                  plainPastes = "\033[?2004l";

void LineEditor::write(std::string_view bytes) const {
  // The next read tells that the terminal has gone.
  (void)writeAll(output, bytes);
}

void LineEditor::enterRawMode() {
  if (tcgetattr(input, &cooked) < 0)
    return;
  termios raw = cooked;
  raw.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  raw.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  isRaw = tcsetattr(input, TCSADRAIN, &raw) == 0;
  write(bracketPastes);
}

void LineEditor::leaveRawMode() {
  write(plainPastes);
  if (isRaw)
    tcsetattr(input, TCSADRAIN, &cooked);
  isRaw = false;
}

static std::string moveUp(size_t rows) {
  return rows ? "\033[" + std::to_string(rows) + "A" : "";
}

void LineEditor::draw() {
  winsize size = {};
  ioctl(output, TIOCGWINSZ, &size);
  TextLayout layout(edited.text(), edited.cursor(),
                    size.ws_col ? size.ws_col : 80,
                    size.ws_row ? size.ws_row : 24);
  std::string bytes = "\r" + moveUp(cursorRow) + std::string(eraseBelow);
  for (size_t i = 0; i < layout.rows.size(); ++i)
    bytes += (i ? "\r\n" : "") + layout.rows[i];
  cursorRow = layout.cursorRow;
  bytes += "\r" + moveUp(layout.rows.size() - 1 - cursorRow);
  if (layout.cursorColumn)
    bytes += "\033[" + std::to_string(layout.cursorColumn) + "C";
  write(bytes);
}

/// Lets what follows begin below the text.
void LineEditor::leave() {
  edited.set(edited.text());
  draw();
  write("\r\n");
  cursorRow = 0;
}

void LineEditor::goBack() {
  if (edited.up() || entry == 0)
    return;
  if (entry == history.entries().size())
    unsent = edited.text();
  edited.set(history.entries()[--entry]);
}

void LineEditor::goForward() {
  size_t count = history.entries().size();
  if (edited.down() || entry == count)
    return;
  edited.set(++entry == count ? unsent : history.entries()[entry]);
}

std::optional<LineEditor::End> LineEditor::accept() {
  // A backslash at the end: the text goes on in another line.
  if (edited.text().ends_with('\\') &&
      edited.cursor() == edited.text().size()) {
    edited.eraseBefore();
    edited.insert("\n");
    return std::nullopt;
  }
  leave();
  history.add(edited.text());
  return End::Text;
}

std::optional<LineEditor::End> LineEditor::handle(const Key &key) {
  switch (key.kind) {
  case Key::Text:
    edited.insert(key.text);
    break;
  case Key::Enter:
    return accept();
  case Key::NewLine:
    edited.insert("\n");
    break;
  case Key::Left:
    edited.left();
    break;
  case Key::Right:
    edited.right();
    break;
  case Key::Up:
    goBack();
    break;
  case Key::Down:
    goForward();
    break;
  case Key::WordLeft:
    edited.wordLeft();
    break;
  case Key::WordRight:
    edited.wordRight();
    break;
  case Key::LineBegin:
    edited.lineBegin();
    break;
  case Key::LineEnd:
    edited.lineEnd();
    break;
  case Key::EraseBefore:
    edited.eraseBefore();
    break;
  case Key::EraseBehind:
    if (edited.empty()) {
      leave();
      return End::Closed;
    }
    edited.eraseBehind();
    break;
  case Key::Delete:
    edited.eraseBehind();
    break;
  case Key::EraseWordBefore:
    edited.eraseWordBefore();
    break;
  case Key::EraseWordBehind:
    edited.eraseWordBehind();
    break;
  case Key::EraseToLineBegin:
    edited.eraseToLineBegin();
    break;
  case Key::EraseToLineEnd:
    edited.eraseToLineEnd();
    break;
  case Key::PutBack:
    edited.putBack();
    break;
  case Key::ClearScreen:
    write(clearScreen);
    cursorRow = 0;
    break;
  case Key::Complete:
    if (completer)
      edited.insert(completer(edited.text()));
    break;
  case Key::Interrupt:
    leave();
    return End::Interrupted;
  case Key::Suspend:
    leave();
    leaveRawMode();
    raise(SIGTSTP);
    enterRawMode();
    break;
  case Key::Closed:
    return End::Closed;
  case Key::Other:
    break;
  }
  return std::nullopt;
}

LineEditor::End LineEditor::read(std::string &text) {
  edited.set("");
  unsent.clear();
  entry = history.entries().size();
  cursorRow = 0;
  enterRawMode();
  std::optional<End> end;
  while (!end) {
    if (!keys.hasMore())
      draw();
    end = handle(keys.read());
  }
  leaveRawMode();
  text = edited.text();
  return *end;
}
