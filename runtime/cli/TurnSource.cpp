//===- TurnSource.cpp - Where a user's texts come from --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/LineEditor.h"
#include "runtime/cli/ChatLoop.h"
#include "support/InputText.h"
#include <cstdlib>
#include <unistd.h>

using namespace quipu;

namespace {
class TerminalTurns : public TurnSource {
public:
  // Drawn on standard error, so that the output has nothing but answers.
  TerminalTurns() : editor(STDIN_FILENO, STDERR_FILENO, History::ofUser()) {
    editor.setCompleter(ChatLoop::complete);
  }

  End read(std::string &text) override {
    switch (editor.read(text)) {
    case LineEditor::End::Text:
      return End::Text;
    case LineEditor::End::Interrupted:
      return End::Interrupted;
    case LineEditor::End::Closed:
      break;
    }
    return End::Closed;
  }

private:
  LineEditor editor;
};

class LineTurns : public TurnSource {
public:
  End read(std::string &text) override {
    text.clear();
    std::string line;
    bool hasAny = false;
    while (input.read(line)) {
      hasAny = true;
      if (line.ends_with('\r'))
        line.pop_back();
      if (!line.ends_with('\\')) {
        text += line;
        break;
      }
      line.back() = '\n';
      text += line;
    }
    if (!input.error().empty()) {
      text = input.error();
      return End::Failed;
    }
    return hasAny ? End::Text : End::Closed;
  }

private:
  InputLines input;
};
} // namespace

std::unique_ptr<TurnSource> TurnSource::terminal() {
  const char *kind = getenv("TERM");
  bool isDumb = !kind || !*kind || std::string_view(kind) == "dumb";
  if (isDumb || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
    return nullptr;
  return std::make_unique<TerminalTurns>();
}

std::unique_ptr<TurnSource> TurnSource::lines() {
  return std::make_unique<LineTurns>();
}
