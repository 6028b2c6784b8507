//===- AnswerPrinter.cpp - Answers as they come ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/AnswerPrinter.h"
#include "runtime/cli/Console.h"
#include "runtime/engine/Clock.h"
#include <unistd.h>

using namespace quipu;

// ECMA-48's control sequences.
static constexpr std::string_view dim = "\033[2m", normal = "\033[0m",
                                  eraseLine = "\r\033[K";

AnswerPrinter::AnswerPrinter(ChatSession &chat, Session &session,
                             bool isVerbose)
    : chat(chat), session(session), isVerbose(isVerbose),
      isTerminal(isatty(STDOUT_FILENO)),
      thoughts(isTerminal ? Thoughts::Show : Thoughts::Hide) {}

void AnswerPrinter::write(std::string_view text) {
  if (error == 0)
    error = print(text);
}

/// Without what a terminal would take as a command.
static std::string forTerminal(std::string_view text) {
  std::string clean;
  for (char c : text)
    if (c == '\n' || c == '\t' || (c & 0xE0) != 0)
      clean += c;
  return clean;
}

void AnswerPrinter::turnTo(bool toThoughts) {
  isThinking = toThoughts;
  if (toThoughts)
    thinkingSince = now();
  if (toThoughts && thoughts == Thoughts::Fold && isTerminal)
    write(std::string(dim) + "thinking …" + std::string(normal));
  if (toThoughts && thoughts == Thoughts::Show && isTerminal)
    write(dim);
  if (!toThoughts)
    endThoughts();
}

void AnswerPrinter::endThoughts() {
  if (thoughts == Thoughts::Show) {
    write(isTerminal ? std::string(normal) + "\n\n" : "\n\n");
  } else if (thoughts == Thoughts::Fold && isTerminal) {
    char text[64];
    snprintf(text, sizeof(text), "thought for %.1f s", now() - thinkingSince);
    write(std::string(eraseLine) + std::string(dim) + text +
          std::string(normal) + "\n");
  }
}

void AnswerPrinter::read(std::string_view text, bool toThoughts) {
  if (toThoughts != isThinking)
    turnTo(toThoughts);
  if (isThinking && thoughts != Thoughts::Show)
    return;
  hasPrinted = true;
  write(isTerminal ? forTerminal(text) : std::string(text));
}

void AnswerPrinter::printStatistics(const Answer &answer) const {
  const GenerationStatistics &counts = answer.counts;
  // The first token comes with the prompt's logits.
  int64_t steps = counts.generated > 0 ? counts.generated - 1 : 0;
  std::string text =
      "prompt " + std::to_string(answer.promptTokens) + " tokens, " +
      std::to_string(answer.readTokens) + " of them read " +
      tokenRate(answer.readTokens, answer.promptSeconds) + ", generated " +
      std::to_string(counts.generated) + " " + tokenRate(steps, counts.seconds);
  if (counts.drafted > 0)
    text += ", accepted " + std::to_string(counts.accepted) + " of " +
            std::to_string(counts.drafted) + " drafted tokens";
  note(text + ", " + session.engine().describe() + ", seed " +
       std::to_string(answer.seed));
}

void quipu::tellOf(const Answer &answer, const Session &session) {
  if (answer.newlyLeftOut > 0)
    note("the context of " + std::to_string(session.context()) +
         " positions has no room for all: the oldest " +
         std::to_string(answer.newlyLeftOut) +
         " messages were left out; --context N makes it longer");
  if (answer.end == End::Text && answer.counts.generated == 0)
    note("the model ends its answer before it begins");
  if (answer.repeatsItself)
    note("the answer repeats itself and was ended; --temperature 0.7 or "
         "--repeat-penalty 1.2 may help");
  else if (answer.end == End::Context)
    note("the context of " + std::to_string(session.context()) +
         " positions is full; --context N makes it longer");
  if (!answer.draftFailure.empty())
    note(answer.draftFailure);
}

std::string AnswerPrinter::answer(int &writeError) {
  catchInterrupts();
  isThinking = hasPrinted = false;
  Answer answer;
  std::string failure = chat.answer(
      [&](std::string_view text, bool toThoughts) { read(text, toThoughts); },
      [&] { return interrupted() || error != 0; }, answer);
  releaseInterrupts();
  if (isThinking)
    turnTo(false);
  if (hasPrinted || (interrupted() && failure.empty()))
    write("\n");
  writeError = error;
  if (isVerbose && failure.empty())
    printStatistics(answer);
  tellOf(answer, session);
  return failure;
}

int AnswerPrinter::answerOnce(std::string_view message) {
  chat.messages().add("user", message);
  int writeError = 0;
  std::string failure = answer(writeError);
  if (!failure.empty())
    return fail(failure);
  return interrupted() ? 130 : outputStatus(writeError);
}
