//===- CheckGrammar.cpp - Try a grammar without a model -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/CheckGrammar.h"
#include "compiler/tools/Diagnostics.h"
#include "runtime/generate/grammar/GrammarMachine.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include "support/CommandLine.h"
#include "support/InputText.h"
#include "support/OutputFile.h"
#include "support/Utf8.h"

using namespace llvm;
using namespace quipu;

static constexpr char usage[] =
    R"(usage: quipu check-grammar FILE [options] < text

Says whether a text fits a grammar, and if not where it stops to. FILE is GBNF,
or a JSON Schema if its name ends with .json. The newline at the end of the text
may be part of it or not. Tokens that a grammar names need a model, and are
errors here.

examples:
  echo '{"age": 30}' | quipu check-grammar person.json
  quipu check-grammar person.json --print

docs/grammars.md says what grammars and schemas may have.
)";

static LogicalResult print(const std::string &text) {
  std::string error = writeFile("-", text, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}

/// Where the machine cannot go on.
static std::string describePlace(StringRef text, size_t at) {
  StringRef before = text.take_front(at);
  size_t lineStart = before.rfind('\n') + 1, column = 1;
  for (char byte : before.drop_front(lineStart))
    column += (byte & 0xC0) != 0x80;
  StringRef rest = text.drop_front(at);
  std::string shown =
      rest.front() == '\n'
          ? "the end of the line"
          : ("'" + rest.take_front(std::max(1u, decodeUtf8(rest).bytes)) + "'")
                .str();
  return "line " + std::to_string(before.count('\n') + 1) + ", column " +
         std::to_string(column) + ": " + shown + " does not fit";
}

/// Returns a sentence about why a text does not fit, or nothing.
static std::string check(GrammarMachine &machine, StringRef text) {
  if (!isUtf8(text))
    return "it is not UTF-8";
  GrammarMachine::State state = machine.start();
  size_t character = 0; // where the last one begins
  for (size_t i = 0; i < text.size(); ++i) {
    machine.allowWork();
    if ((text[i] & 0xC0) != 0x80)
      character = i;
    bool endsText = i + 1 == text.size() && text[i] == '\n';
    if (endsText && machine.isComplete(state))
      return "";
    state = machine.step(state, static_cast<uint8_t>(text[i]));
    if (machine.hasFailed())
      return "the grammar is too ambiguous: it has too many ways to read it";
    if (state == GrammarMachine::dead)
      return describePlace(text, character);
  }
  return machine.isComplete(state) ? "" : "it ends too early";
}

static LogicalResult checkGrammar(StringRef path, bool prints) {
  std::string text, gbnf;
  if (std::string error = readTextFile(path.str(), text); !error.empty())
    return fail(error);
  std::string error;
  if (path.ends_with(".json"))
    error = compileJsonSchema(text, gbnf);
  else
    gbnf = text;
  Grammar grammar;
  if (error.empty())
    error = grammar.parse(gbnf, nullptr);
  if (!error.empty())
    return fail(path + ": " + error);
  if (prints)
    return print(gbnf);
  if (error = readStandardInput(text); !error.empty())
    return fail(error);
  GrammarMachine machine(grammar);
  error = check(machine, text);
  return error.empty() ? print("the text fits\n")
                       : fail("standard input: " + error);
}

LogicalResult quipu::checkGrammar(ArrayRef<const char *> arguments) {
  bool prints = false, help = false;
  CommandLine line(
      {{"Options", 0, "print", "", Switch{&prints},
        "Print the grammar, that of a schema in GBNF, and read no text."},
       {"Options", 'h', "help", "", Switch{&help}, "Print this."}},
      Repeated::IsRefused);
  std::string error =
      line.parse(static_cast<int>(arguments.size()), arguments.data());
  if (!error.empty())
    return fail(error);
  if (help)
    return print(usage + line.help() +
                 "\nExit status: 0 if the text fits; 1 if not, or after an "
                 "error.\n");
  if (line.positional().size() != 1)
    return fail("'check-grammar' takes one grammar; see quipu check-grammar "
                "--help");
  return ::checkGrammar(line.positional()[0], prints);
}
