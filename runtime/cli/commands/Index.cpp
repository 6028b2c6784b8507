//===- Index.cpp - Making an index of a folder ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "runtime/cli/Progress.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Entries.h"
#include "runtime/index/EntryEmbedder.h"

using namespace quipu;

namespace {
/// Writes the index of a folder's documents.
class IndexCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  std::string check(const CommandCall &call, const EntryEmbedder &embedder);
  std::string describe(const UpdateCounts &counts) const;
  int report(const std::string &text) const;

  std::optional<std::string> output;
  std::optional<int64_t> passageTokens, contextTokens;
  UpdateOptions update;
  RunOptions runs;
};
} // namespace

std::unique_ptr<Command> quipu::makeIndex() {
  return std::make_unique<IndexCommand>();
}

// What finds most in docs/knowledge-base.md's table.
static constexpr int32_t usualTokens = 64, usualContext = 32;

void IndexCommand::addOptions(const CommandCall &call,
                              std::vector<Option> &options) {
  const char *result = "What comes out", *passages = "How documents are cut";
  options.insert(
      options.end(),
      {{result, 'o', "output", "FILE", Text{&output},
        "The index. If there is one, documents that have not changed are not "
        "read again."},
       {passages, 0, "passage-tokens", "N",
        Integer{&passageTokens, 8, abi::maxContext},
        "The most tokens of a passage with the headings above it and its "
        "context (default: " +
            std::to_string(usualTokens) + ")."},
       {passages, 0, "context-tokens", "N",
        Integer{&contextTokens, 0, abi::maxContext},
        "The most tokens of its context: what comes before it in a section "
        "that is cut (default: " +
            std::to_string(usualContext) + ")."}});
  runs.addTo(options, call.program);
}

CommandHelp IndexCommand::help(const CommandCall &) const {
  return {.words = "FOLDER -o FILE",
          .text =
              "Cuts the documents of a folder, and of all folders in it, into "
              "passages, and writes these and their vectors into one file, for "
              "'search' and 'ask'. Files named .md, .markdown, .html, .htm and "
              ".xhtml are read as such, others as plain text. Names that begin "
              "with a dot and binary files are left out.",
          .examples = {"docs -o kb",
                       "docs -o kb --passage-tokens 120 --context-tokens 60"},
          .readsInput = false};
}

std::string IndexCommand::check(const CommandCall &call,
                                const EntryEmbedder &embedder) {
  if (call.words.empty())
    return "there is no folder; put it behind 'index', see --help";
  if (call.words.size() > 1)
    return "unexpected '" + call.words[1] + "' after the folder";
  if (!output)
    return "there is no name for the index; give it with '-o FILE'";
  std::string prompt = findPrompt(call.program, TextKind::Document);
  int32_t most = embedder.maxTokens(prompt);
  update.folder = call.words[0];
  update.output = *output;
  update.prompt = prompt;
  update.limits.tokens =
      static_cast<int32_t>(passageTokens.value_or(std::min(usualTokens, most)));
  update.limits.context = static_cast<int32_t>(
      contextTokens.value_or(std::min(usualContext, update.limits.tokens / 2)));
  if (update.limits.tokens > most)
    return "'--passage-tokens' is " + std::to_string(update.limits.tokens) +
           ", more than the " + std::to_string(most) +
           " tokens that the model reads together";
  if (update.limits.context > update.limits.tokens / 2)
    return "'--context-tokens' is " + std::to_string(update.limits.context) +
           ", more than a half of a passage's " +
           std::to_string(update.limits.tokens) + " tokens";
  return "";
}

/// "kb: 24 files, 812 passages; 3 files read, 21 as they were, 1 gone".
std::string IndexCommand::describe(const UpdateCounts &counts) const {
  auto number = [](size_t count, const char *what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  std::string text = update.output + ": " + number(counts.files, "file") +
                     ", " + number(counts.passages, "passage") + "; " +
                     number(counts.files - counts.kept, "file") + " read";
  if (counts.kept)
    text += ", " + std::to_string(counts.kept) + " as before";
  if (counts.gone)
    text += ", " + std::to_string(counts.gone) + " gone";
  if (counts.binary)
    text += ", " + number(counts.binary, "binary file") + " left out";
  return text;
}

/// On standard output, unless the index is there.
int IndexCommand::report(const std::string &text) const {
  OutputPlace place;
  place.examine(update.output, /*standardOutput=*/true);
  if (place.kind != OutputPlace::Descriptor)
    return outputStatus(print(text + "\n"));
  note(text);
  return 0;
}

int IndexCommand::run(const CommandCall &call) {
  std::unique_ptr<Session> session;
  std::string error =
      runs.start(call.program, EntryEmbedder::sequences, session);
  if (!error.empty())
    return fail(error);
  Progress progress("reading passages");
  catchInterrupts();
  EntryEmbedder embedder(*session, call.entry, *call.tokenizer,
                         [&](uint64_t done, uint64_t total) {
                           progress.update(done, total);
                           return !interrupted();
                         });
  UpdateCounts counts;
  error = check(call, embedder);
  if (error.empty())
    error = updateIndex(
        update, embedder,
        [&](const std::string &sentence) {
          progress.clear();
          fprintf(stderr, "%s: %s; left out\n", programName.c_str(),
                  sentence.c_str());
        },
        counts);
  progress.clear();
  if (interrupted())
    return 130;
  if (!error.empty())
    return fail(error);
  if (!counts.spoiled.empty())
    note(counts.spoiled + "; it is made anew");
  return report(describe(counts));
}
