//===- Main.cpp - The main function of compiled programs ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "runtime/cli/Version.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/text/Tokenizer.h"
#include "support/OutputFile.h"
#include "support/TemporaryFiles.h"
#include <csignal>
#include <new>
#include <unistd.h>

using namespace quipu;

namespace {
/// A command with its table of options, to which each has --help and --version.
struct Parser {
  std::unique_ptr<Command> command;
  bool help = false, version = false;
  CommandLine line;

  Parser(const ChosenCommand &chosen, const CommandCall &call)
      : command(chosen.kind->make()), line(makeOptions(call)) {}

private:
  std::vector<Option> makeOptions(const CommandCall &call) {
    std::vector<Option> options;
    command->addOptions(call, options);
    const char *about = "About this program";
    options.push_back({about, 'h', "help", "", Switch{&help}, "Print this."});
    options.push_back({about, 0, "version", "", Switch{&version},
                       "Print what this program is made of."});
    return options;
  }
};
} // namespace

static int run(const abi::Program &program, const Tokenizer *tokenizer,
               std::vector<const char *> words) {
  auto count = [&] { return static_cast<int>(words.size()); };
  ChosenCommand chosen = defaultCommand(program);
  CommandCall call = {program, tokenizer, chosen.entry, false, programName};
  // The command's word may stand behind options of the default one.
  int at = Parser(chosen, call).line.firstWord(count(), words.data());
  if (at > 0) {
    std::string_view word = words[at];
    if (std::optional<ChosenCommand> named = chooseCommand(program, word)) {
      chosen = *named;
      call.entry = chosen.entry;
      call.named = true;
      call.start += " " + std::string(word);
      words.erase(words.begin() + at);
    } else if (const CommandKind *lacking = findCommand(word)) {
      return fail("this program cannot '" + std::string(word) + "'; " +
                  std::string(lacking->madeBy) +
                  " (a text that is this word goes behind '--')");
    }
  }

  Parser parser(chosen, call);
  if (std::string error = parser.line.parse(count(), words.data());
      !error.empty())
    return fail(error);
  if (parser.version)
    return outputStatus(print(versionText(program)));
  if (parser.help)
    return outputStatus(
        print(call.named ? commandHelp(call, *parser.command, parser.line)
                         : programHelp(call)));
  call.words = parser.line.positional();
  return parser.command->run(call);
}

int main(int argc, char **argv) {
  std::string_view path = argc > 0 ? argv[0] : "program";
  programName = path.substr(path.rfind('/') + 1);
  // A pipe whose reader has gone is seen by `print`.
  signal(SIGPIPE, SIG_IGN);
  std::set_new_handler([] {
    fail("there is not enough memory");
    _exit(1);
  });
  prepareForOutput();
  static const std::string lostFile =
      programName +
      ": error: a file that is read is cut off, this program's own or an "
      "index; copy it, or make it again\n";
  endOnLostFiles(lostFile.c_str());

  std::optional<Tokenizer> image;
  if (quipu_program.tokenizer)
    image.emplace(quipu_program.tokenizer, quipu_program.tokenizerBytes);
  return run(quipu_program, image ? &*image : nullptr, {argv, argv + argc});
}
