//===- ChatLoop.h - A user's turns of a chat --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_CHATLOOP_H
#define QUIPU_RUNTIME_CLI_CHATLOOP_H

#include "runtime/cli/AnswerPrinter.h"
#include <memory>

namespace quipu {

/// Where a user's texts come from.
class TurnSource {
public:
  virtual ~TurnSource() = default;

  enum class End { Text, Interrupted, Closed, Failed };
  /// Sets `text`, which is a sentence about what failed after Failed.
  virtual End read(std::string &text) = 0;

  /// A user who writes on a terminal, or null where there is none.
  static std::unique_ptr<TurnSource> terminal();
  /// The lines of standard input. One that ends with a backslash goes on in the
  /// next one.
  static std::unique_ptr<TurnSource> lines();
};

/// Takes turns with the user: messages, and commands that begin with a slash.
class ChatLoop {
public:
  /// `isInteractive`: errors are told and the chat goes on, and commands are
  /// confirmed.
  ChatLoop(ChatSession &chat, AnswerPrinter &printer, bool isInteractive)
      : chat(chat), printer(printer), isInteractive(isInteractive) {}

  /// Returns the exit status.
  int run(TurnSource &source);

  /// What can stand behind the beginning of a command, if that is certain.
  static std::string complete(const std::string &begin);
  /// The commands, for --help: a line each.
  static std::string listCommands();

private:
  struct Command;
  static const Command table[];
  static const Command *find(std::string_view name);

  /// Returns a sentence about what failed, or nothing.
  std::string handle(const std::string &text);
  std::string runCommand(std::string_view name, const std::string &argument);
  std::string say(std::string_view content);
  std::string answer();
  void confirm(const std::string &what) const;

  std::string help(const std::string &);
  std::string reset(const std::string &);
  std::string setSystem(const std::string &text);
  std::string undo(const std::string &);
  std::string retry(const std::string &);
  std::string save(const std::string &path);
  std::string load(const std::string &path);
  std::string think(const std::string &how);
  std::string exit(const std::string &);

  ChatSession &chat;
  AnswerPrinter &printer;
  bool isInteractive;
  bool hasEnded = false;
  int writeError = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_CHATLOOP_H
