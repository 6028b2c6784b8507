//===- Command.h - What a program can be told to do -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program's first word is a command, and `commands()` lists all that there
// are. Each is a file of this folder: a class whose members its options set,
// and a row of the table, which says what a program needs for it.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_COMMANDS_COMMAND_H
#define QUIPU_RUNTIME_CLI_COMMANDS_COMMAND_H

#include "abi/Abi.h"
#include "support/CommandLine.h"
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quipu {

class Tokenizer;

/// What a command is run on, and with.
struct CommandCall {
  const abi::Program &program;
  const Tokenizer *tokenizer; // null: the program has none
  int32_t entry;              // into Program::entries; -1: it needs none
  bool named;                 // whether its word was given
  std::string start;          // how one starts it: "smol embed"
  std::vector<std::string> words = {}; // those that are no options
};

/// What a command's --help says besides the options.
struct CommandHelp {
  std::string needs = {};            // the options that must be given
  std::string words;                 // "\"prompt\"": what follows the options
  std::string text;                  // what it does and prints, in sentences
  std::string list = {};             // lines below, as they are
  std::vector<std::string> examples; // what follows the command's word
  bool readsInput = true;            // without a word, standard input
};

/// One call of a command. Its options go into its members.
class Command {
public:
  virtual ~Command() = default;

  virtual void addOptions(const CommandCall &call,
                          std::vector<Option> &options) = 0;
  virtual CommandHelp help(const CommandCall &call) const = 0;
  /// Returns the exit status; errors have been told then.
  virtual int run(const CommandCall &call) = 0;
};

/// A row of the table of commands.
struct CommandKind {
  std::string_view name;
  std::string_view summary; // one sentence
  /// It runs the first entry that has this output; empty: it runs none. A
  /// command that can do with several has a row for each, the best one first.
  std::string_view output;
  bool needsTokenizer;
  std::string_view madeBy; // how a program that has no such entry is made
  std::unique_ptr<Command> (*make)();
};

/// All commands, as --help lists them.
std::span<const CommandKind> commands();

/// The first row of a command, or null.
const CommandKind *findCommand(std::string_view name);

/// A command and the entry it runs, -1 if it needs none.
struct ChosenCommand {
  const CommandKind *kind;
  int32_t entry;
};

/// The command that a program knows by that word, an entry's name too, or
/// nothing.
std::optional<ChosenCommand> chooseCommand(const abi::Program &program,
                                           std::string_view word);
/// What a program does without a command's word: what its first entry is for.
ChosenCommand defaultCommand(const abi::Program &program);

/// "Prints embedding: 384 numbers for the text."
std::string describeEntry(const abi::Entry &entry);

/// What is printed for --help, and for that of a command.
std::string programHelp(const CommandCall &call);
std::string commandHelp(const CommandCall &call, const Command &command,
                        const CommandLine &line);

std::unique_ptr<Command> makeAnswer();
std::unique_ptr<Command> makeAsk();
std::unique_ptr<Command> makeChat();
std::unique_ptr<Command> makeClassify();
std::unique_ptr<Command> makeClassifyByLikelihood();
std::unique_ptr<Command> makeDetokenize();
std::unique_ptr<Command> makeEmbed();
std::unique_ptr<Command> makeEntry();
std::unique_ptr<Command> makeGenerate();
std::unique_ptr<Command> makeIndex();
std::unique_ptr<Command> makePerplexity();
std::unique_ptr<Command> makeRankByPairs();
std::unique_ptr<Command> makeRankByVectors();
std::unique_ptr<Command> makeSearch();
std::unique_ptr<Command> makeTag();
std::unique_ptr<Command> makeTokenize();

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_COMMANDS_COMMAND_H
