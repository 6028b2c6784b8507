//===- LineEditor.h - Writing a text on a terminal --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_LINEEDITOR_H
#define QUIPU_RUNTIME_CHAT_LINEEDITOR_H

#include "runtime/chat/EditedText.h"
#include "runtime/chat/History.h"
#include "runtime/chat/KeyReader.h"
#include <functional>
#include <optional>
#include <termios.h>

namespace quipu {

/// Asks for texts on a terminal, with the keys of Emacs and readline.
class LineEditor {
public:
  /// Reads `input` and draws on `output`, both of the same terminal.
  LineEditor(int input, int output, History history)
      : input(input), output(output), keys(input), history(std::move(history)) {
  }

  /// Gives what a beginning can become: the only ending, or nothing.
  using Completer = std::function<std::string(const std::string &begin)>;
  void setCompleter(Completer complete) { completer = std::move(complete); }

  enum class End { Text, Interrupted, Closed };
  /// Lets the user write a text, which may have several lines. Interrupted is
  /// Ctrl-C, Closed is Ctrl-D at an empty text, or a terminal that has gone.
  End read(std::string &text);

private:
  std::optional<End> handle(const Key &key);
  std::optional<End> accept();
  void goBack();
  void goForward();
  void draw();
  void leave();
  void write(std::string_view bytes) const;
  void enterRawMode();
  void leaveRawMode();

  int input, output;
  KeyReader keys;
  History history;
  Completer completer;
  termios cooked = {};
  bool isRaw = false;

  EditedText edited;
  size_t entry = 0;     // of the history that is shown; its size: a new text
  std::string unsent;   // the new text, while an entry is shown
  size_t cursorRow = 0; // of the rows drawn
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_LINEEDITOR_H
