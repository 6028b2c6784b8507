//===- Ask.cpp - Answering a question from an index -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/AnswerPrinter.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Report.h"
#include "runtime/cli/RetrievalReport.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/SamplingOptions.h"
#include "runtime/cli/commands/SearchOptions.h"
#include "support/Subprocess.h"
#include <climits>

using namespace quipu;

namespace {
/// Answers a question from the passages that fit it, and names these.
class AskCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  std::string find(const std::string &question, Retrieval &found) const;
  std::string pose(const std::string &question, const ChatTemplate &form,
                   int32_t context, Retrieval &found,
                   jinja::Conversation &conversation) const;
  int answer(const CommandCall &call, Session &session,
             const std::string &question, Retrieval &found) const;
  int printAnswer(const std::string &question, const std::string &text,
                  const Retrieval &found) const;

  // The score is what docs/knowledge-base.md measures.
  SearchOptions search{/*usualPassages=*/3, /*usualScore=*/0.35f};
  std::optional<std::string> embedder;
  std::optional<int64_t> length;
  bool shows = false, json = false;
  SamplingOptions sampling;
  RunOptions runs;
};
} // namespace

std::unique_ptr<Command> quipu::makeAsk() {
  return std::make_unique<AskCommand>();
}

static constexpr int64_t usualLength = 200;

void AskCommand::addOptions(const CommandCall &call,
                            std::vector<Option> &options) {
  const char *output = "What comes out";
  search.addTo(options);
  options.insert(
      options.end(),
      {{"What is searched", 0, "embedder", "PROGRAM", Text{&embedder},
        "The program that made the index; it looks for the passages."},
       {output, 'n', "length", "N", Integer{&length, 1, INT_MAX},
        "Answer with at most N tokens (default: " +
            std::to_string(usualLength) + ")."},
       {output, 0, "show", "", Switch{&shows},
        "Print the passages and no answer."},
       {output, 0, "json", "", Switch{&json},
        "Print the answer and its passages as JSON."}});
  sampling.addTo(options, call.program);
  runs.addTo(options, call.program);
}

CommandHelp AskCommand::help(const CommandCall &) const {
  return {
      .needs = "--index FILE --embedder PROGRAM",
      .words = "\"question\"",
      .text =
          "Answers a question from the passages of an index that fit it best, "
          "and prints the files and lines that they come from. If no passage "
          "fits, it says so and answers nothing.",
      .examples = {
          "--index kb --embedder ./minilm \"Can I use two GPUs?\"",
          "--index kb --embedder ./minilm --show \"Can I use two GPUs?\""}};
}

/// What a program says when it fails, without its name.
static std::string withoutName(std::string_view errors) {
  constexpr std::string_view mark = "error: ";
  errors = errors.substr(0, errors.find('\n'));
  size_t at = errors.find(mark);
  return std::string(at == errors.npos ? errors
                                       : errors.substr(at + mark.size()));
}

std::string AskCommand::find(const std::string &question,
                             Retrieval &found) const {
  if (!embedder)
    return "there is no program to search the index with; give the one that "
           "made it with '--embedder PROGRAM'";
  MemoryFile output, errors;
  std::string error = output.create();
  if (error.empty())
    error = errors.create();
  char score[32];
  snprintf(score, sizeof(score), "%.9g", search.leastScore);
  int status = 0;
  if (error.empty())
    error = quipu::run(
        {.program = *embedder,
         .arguments = {"search", "--index", search.indexName(), "--json",
                       "--passages", std::to_string(search.passages()),
                       "--least-score", score, "--", question},
         .output = output.descriptor(),
         .errors = errors.descriptor()},
        status);
  std::string json, said;
  if (error.empty())
    error = output.read(json);
  if (error.empty())
    error = errors.read(said);
  if (!error.empty())
    return error;
  if (status != 0)
    return "'" + *embedder + "' cannot search: " + withoutName(said);
  error = fromJson(json, found);
  return error.empty() ? ""
                       : "'" + *embedder +
                             "' gives no passages; --embedder takes a program "
                             "that this release of quipu built";
}

static std::string printPassages(std::span<const RetrievedPassage> passages) {
  std::string text;
  int number = 0;
  for (const RetrievedPassage &passage : passages) {
    text += "[" + std::to_string(++number) + "] ";
    if (!passage.title.empty())
      text += passage.title + "\n";
    text += passage.text + "\n\n";
  }
  return text;
}

static constexpr char instruction[] =
    "You answer questions about documents. Answer in one or two sentences, "
    "using only the passages that you are given.";

/// Makes the question the conversation's, with as many of the passages as leave
/// room for the answer; the others are taken out of `found`.
std::string AskCommand::pose(const std::string &question,
                             const ChatTemplate &form, int32_t context,
                             Retrieval &found,
                             jinja::Conversation &conversation) const {
  int64_t room = context - length.value_or(usualLength);
  for (;; found.passages.pop_back()) {
    if (found.passages.empty())
      return "the context of " + std::to_string(context) +
             " positions has no room for the question, a passage and the "
             "answer; --context N makes it longer, --length N the answer "
             "shorter";
    std::string text = printPassages(found.passages) + "Question: " + question;
    std::vector<int32_t> ids;
    auto encode = [&](bool hasSystem) {
      conversation.remove(0, conversation.messageCount());
      if (hasSystem)
        conversation.add("system", instruction);
      conversation.add("user",
                       hasSystem ? text : instruction + ("\n\n" + text));
      ids.clear();
      return form.encode(conversation, /*parseSpecial=*/false, ids);
    };
    // Some templates refuse a system message.
    std::string error = encode(/*hasSystem=*/true);
    if (!error.empty())
      error = encode(/*hasSystem=*/false);
    if (!error.empty() || static_cast<int64_t>(ids.size()) <= room)
      return error;
  }
}

/// Prints the answer as it comes, but for JSON, and what it is made of. Returns
/// the exit status.
int AskCommand::answer(const CommandCall &call, Session &session,
                       const std::string &question, Retrieval &found) const {
  ChatTemplate form;
  if (std::string error = form.load(*call.tokenizer); !error.empty())
    return fail(error);
  // Passages are quoted: what they repeat is no less probable for that.
  ChatSession chat(session, *call.tokenizer, form, /*drafter=*/nullptr,
                   {.entry = call.entry,
                    .sampler = sampling.get(call.program, /*chat=*/false),
                    .maxTokens = length.value_or(usualLength)});
  if (std::string error =
          pose(question, form, session.context(), found, chat.messages());
      !error.empty())
    return fail(error);
  catchInterrupts();
  int writeError = 0;
  Answer answer;
  std::string error = chat.answer(
      [&](std::string_view text, bool isThinking) {
        if (!json && !isThinking && writeError == 0)
          writeError = print(text);
      },
      [&] { return interrupted() || writeError != 0; }, answer);
  if (!error.empty())
    return fail(error);
  if (writeError != 0 || interrupted())
    return interrupted() ? 130 : outputStatus(writeError);
  int status = printAnswer(question, answer.content, found);
  tellOf(answer, session);
  return status;
}

int AskCommand::printAnswer(const std::string &question,
                            const std::string &text,
                            const Retrieval &found) const {
  if (json) {
    std::string answer = found.passages.empty() ? "null" : printJson(text);
    return outputStatus(print("{\"question\": " + printJson(question) +
                              ", \"answer\": " + answer +
                              ", \"retrieval\": " + toJson(found) + "}\n"));
  }
  if (found.passages.empty())
    return outputStatus(print(toText(found)));
  std::string sources = "\n\nSources:\n";
  int number = 0;
  for (const RetrievedPassage &passage : found.passages)
    sources += "[" + std::to_string(++number) + "] " + passage.place() + "\n";
  return outputStatus(print(sources));
}

int AskCommand::run(const CommandCall &call) {
  std::string question, error = search.takeText(call, question);
  Retrieval found;
  // Before a session binds this thread to a CPU: children inherit that.
  if (error.empty())
    error = find(question, found);
  if (!error.empty())
    return fail(error);
  if (shows)
    return outputStatus(print(json ? toJson(found) + "\n" : toText(found)));
  if (found.passages.empty())
    return printAnswer(question, /*text=*/"", found);

  std::unique_ptr<Session> session;
  error = runs.start(call.program, 1, session);
  return error.empty() ? answer(call, *session, question, found) : fail(error);
}
