//===- AnswerPrinter.h - Answers as they come -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_ANSWERPRINTER_H
#define QUIPU_RUNTIME_CLI_ANSWERPRINTER_H

#include "runtime/chat/ChatSession.h"

namespace quipu {

/// What is shown of what a model thinks before its answer.
enum class Thoughts : int32_t { Show, Fold, Hide };

/// Tells on standard error what the user should know of an answer.
void tellOf(const Answer &answer, const Session &session);

/// Asks for answers and prints them, on a terminal with what is not the answer
/// set apart, elsewhere nothing but answers.
class AnswerPrinter {
public:
  AnswerPrinter(ChatSession &chat, Session &session, bool isVerbose);

  /// Thoughts are shown on terminals only, unless this is called.
  void setThoughts(Thoughts what) { thoughts = what; }

  /// Answers the last message. Returns a sentence about what failed, or
  /// nothing; `writeError` is what errno says of the output then, or 0.
  std::string answer(int &writeError);

  /// Answers one message; returns the exit status.
  int answerOnce(std::string_view message);

private:
  void read(std::string_view text, bool isThinking);
  void write(std::string_view text);
  void turnTo(bool toThoughts);
  void endThoughts();
  void printStatistics(const Answer &answer) const;

  ChatSession &chat;
  Session &session;
  bool isVerbose, isTerminal;
  Thoughts thoughts;
  bool isThinking = false, hasPrinted = false;
  double thinkingSince = 0;
  int error = 0; // of the output
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_ANSWERPRINTER_H
