//===- Entry.cpp - An entry that no command knows -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "runtime/cli/Prompt.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"

using namespace quipu;

namespace {
/// Prints the numbers that an entry makes of a text, or writes them.
class EntryCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  PromptSource source;
  std::optional<std::string> folder;
  RunOptions runs;
};
} // namespace

std::unique_ptr<Command> quipu::makeEntry() {
  return std::make_unique<EntryCommand>();
}

void EntryCommand::addOptions(const CommandCall &call,
                              std::vector<Option> &options) {
  source.addTo(options);
  options.push_back(outputsOption(folder));
  runs.addTo(options, call.program);
}

CommandHelp EntryCommand::help(const CommandCall &call) const {
  return {.words = "\"text\"",
          .text = describeEntry(call.program.entries[call.entry]) +
                  " Each row is a line.",
          .examples = {"\"Once upon a time\"",
                       "--tokens \"1 2 3\" --outputs outputs"}};
}

int EntryCommand::run(const CommandCall &call) {
  const abi::Entry &entry = call.program.entries[call.entry];
  Prompt prompt;
  std::string error = source.takeWords(call);
  if (error.empty())
    error = makePrompt(source, entry, call.tokenizer, prompt);
  std::unique_ptr<Session> session;
  if (error.empty())
    error = runs.start(call.program, 1, session);
  if (!error.empty())
    return fail(error);

  catchInterrupts();
  Outputs outputs(entry, prompt.count());
  double start = now();
  Status status = folder ? outputs.writeAll(*folder) : outputs.printOnly();
  if (status.ok())
    status = readPrompt(*session, call.entry, prompt, outputs);
  if (!status.ok())
    return fail(status.message);
  if (runs.verbose())
    fprintf(stderr, "%s: prompt %d tokens %s, %s\n", programName.c_str(),
            prompt.count(), tokenRate(prompt.count(), now() - start).c_str(),
            session->engine().describe().c_str());
  return interrupted() ? 130 : 0;
}
