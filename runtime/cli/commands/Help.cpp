//===- Help.cpp - What --help prints --------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Entries.h"

using namespace quipu;

static const char exitStatus[] =
    "\nExit status: 0; 1 after an error, told in one sentence; 130 after "
    "Ctrl-C.\n";

std::string quipu::describeEntry(const abi::Entry &entry) {
  std::string text;
  for (const abi::Tensor &output : getOutputs(entry))
    text +=
        (text.empty() ? "" : ", ") + std::string(output.name) + ": " +
        std::to_string(output.width) + " numbers for " +
        (output.domain == abi::Domain::Sequence ? "the text" : "each token");
  return (getLogits(entry) ? "Continues the prompt; " : "Prints ") + text + ".";
}

static std::string examples(const CommandHelp &help, const std::string &start) {
  std::string text = "\nexamples:\n";
  for (const std::string &example : help.examples)
    text += "  " + start + (example.empty() ? "" : " ") + example + "\n";
  return text;
}

/// The line with words, and the one without.
static std::string usage(const CommandHelp &help, const std::string &start) {
  std::string options =
      start + " [options] " + help.needs + (help.needs.empty() ? "" : " ");
  return "usage: " + options + help.words + "\n" +
         (help.readsInput ? "       " + options + "< FILE\n" : "");
}

static void addRow(std::string &text, std::string_view name,
                   std::string_view words) {
  appendWords(text, "  " + std::string(name), 16, words);
}

std::string quipu::programHelp(const CommandCall &call) {
  const abi::Program &program = call.program;
  const std::string &name = call.start;
  ChosenCommand usual = defaultCommand(program);
  CommandHelp help = usual.kind->make()->help(call);
  std::string usualName = usual.kind->name.empty()
                              ? program.entries[0].name
                              : std::string(usual.kind->name);
  std::string text = usage(help, name) + "       " + name +
                     " COMMAND [options] ...\n       " + name +
                     " COMMAND --help\n\n";
  appendWords(text, "", 0,
              std::string(program.name) + " (" + program.architecture +
                  ") with its code and weights, made by quipu.");
  text += examples(help, name) +
          "\nCommands, chosen by the first word (default: " + usualName +
          "):\n";
  std::string missing;
  for (const CommandKind &kind : commands())
    if (std::optional<ChosenCommand> known =
            chooseCommand(program, kind.name)) {
      if (known->kind == &kind)
        addRow(text, kind.name, kind.summary);
    } else if (findCommand(kind.name) == &kind)
      addRow(missing, kind.name,
             std::string(kind.summary) + " " + std::string(kind.madeBy) + ".");
  for (const abi::Entry &entry : getEntries(program))
    if (!findCommand(entry.name))
      addRow(text, entry.name, describeEntry(entry));
  addRow(text, "-- \"text\"", "A text that is one of these words.");
  if (!missing.empty())
    text += "\nCommands that this program lacks, and how to make one with "
            "them:\n" +
            missing;
  text += "\nAbout this program:\n";
  addRow(text, "-h, --help",
         "Print this; the options of a command, behind its word: " + name +
             " " + usualName + " --help.");
  addRow(text, "--version", "Print what this program is made of.");
  return text + exitStatus;
}

std::string quipu::commandHelp(const CommandCall &call, const Command &command,
                               const CommandLine &line) {
  CommandHelp help = command.help(call);
  std::string text = usage(help, call.start) + "\n";
  appendWords(text, "", 0, help.text);
  if (!help.list.empty())
    text += "\n" + help.list;
  return text + examples(help, call.start) + line.help() + exitStatus;
}
