//===- Chat.cpp - Talking with a model ------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/ChatLoop.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/DraftOptions.h"
#include "runtime/cli/GrammarOptions.h"
#include "runtime/cli/SamplingOptions.h"
#include "runtime/cli/TextNotes.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/text/Tokenizer.h"
#include <climits>

using namespace quipu;

namespace {
class ChatCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  int talk(const CommandCall &call, Session &session, const ChatTemplate &form,
           const std::optional<std::string> &question);

  std::optional<std::string> system;
  bool special = false;
  std::optional<int64_t> length;
  int32_t thoughts = -1; // into Thoughts
  GrammarOptions grammar;
  SamplingOptions sampling;
  DraftOptions drafts;
  RunOptions runs;
};
} // namespace

std::unique_ptr<Command> quipu::makeChat() {
  return std::make_unique<ChatCommand>();
}

void ChatCommand::addOptions(const CommandCall &call,
                             std::vector<Option> &options) {
  const char *input = "What goes in", *output = "What comes out";
  options.insert(
      options.end(),
      {{input, 0, "system", "TEXT", Text{&system},
        "The system message (default: the template's)."},
       {input, 0, "special", "", Switch{&special},
        "Take control tokens that are written out in messages, as "
        "<|im_start|>, as such, and not as text. For messages that you wrote."},

       {output, 'n', "length", "N", Integer{&length, -1, INT_MAX},
        "Generate at most N tokens for an answer; -1: until it ends or the "
        "context is full (default: -1)."},
       {output, 0, "thinking", "HOW",
        Choice{&thoughts, {"show", "fold", "hide"}},
        "What becomes of what the model thinks before an answer: show, fold "
        "into a line, or hide (default: show on a terminal, else hide)."}});
  grammar.addTo(options);
  sampling.addTo(options, call.program);
  drafts.addTo(options);
  runs.addTo(options, call.program);
}

CommandHelp ChatCommand::help(const CommandCall &) const {
  return {
      .words = "[\"message\"]",
      .text =
          "Answers a message. Without one it takes turns: with you on a "
          "terminal, else with the lines of standard input, of which one that "
          "ends with a backslash goes on in the next.",
      .list = "Commands in place of a message:\n" + ChatLoop::listCommands(),
      .examples = {"", "\"Name three rivers in France.\"",
                   "--system \"Answer in one word.\" < questions.txt",
                   "--temperature 0.8 --top-p 0.9 \"Tell me a story.\""}};
}

int ChatCommand::talk(const CommandCall &call, Session &session,
                      const ChatTemplate &form,
                      const std::optional<std::string> &question) {
  ChatSession chat(session, *call.tokenizer, form, drafts.drafter(),
                   {.entry = call.entry,
                    .sampler = sampling.get(call.program, /*chat=*/true),
                    .maxTokens = length.value_or(-1),
                    .parseSpecial = special,
                    .constraint = grammar.constraint()});
  if (system)
    chat.messages().setSystem(*system);
  AnswerPrinter printer(chat, session, runs.verbose());
  if (thoughts >= 0)
    printer.setThoughts(static_cast<Thoughts>(thoughts));
  if (question)
    return printer.answerOnce(*question);
  std::unique_ptr<TurnSource> source = TurnSource::terminal();
  bool isInteractive = source != nullptr;
  if (isInteractive)
    note(std::string(call.program.name) +
         ": write a message; /help lists commands, Ctrl-D ends");
  else
    source = TurnSource::lines();
  return ChatLoop(chat, printer, isInteractive).run(*source);
}

int ChatCommand::run(const CommandCall &call) {
  std::optional<std::string> question;
  ChatTemplate form;
  std::string error;
  if (call.words.size() > 1)
    error = "unexpected '" + call.words[1] +
            "' after the message; put a message of several words into quotes";
  if (error.empty())
    error = form.load(*call.tokenizer);
  if (!call.words.empty() && error.empty()) {
    question = call.words[0];
    if (question == "-") {
      question->clear();
      error = readInput(*question);
    }
    noteLineEnds(*question);
  }
  if (error.empty())
    error = grammar.start(call.program, call.entry, call.tokenizer);
  if (error.empty())
    error = drafts.start(call.program, call.entry, call.tokenizer, runs);
  std::unique_ptr<Session> session;
  if (error.empty())
    error = runs.start(call.program, 1, session);
  return error.empty() ? talk(call, *session, form, question) : fail(error);
}
