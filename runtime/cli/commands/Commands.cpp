//===- Commands.cpp - The table of commands -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Entries.h"
#include <algorithm>

using namespace quipu;

// The first one of an output is what programs with such an entry do by default.
static const CommandKind table[] = {
    {"generate",
     "Continues a text, or answers with --chat.",
     {"logits"},
     false,
     "quipu build MODEL --head generate",
     makeGenerate},
};

/// An entry that no command knows.
static const CommandKind entryKind = {
    "", "Prints what an entry gives.", {}, false, "", makeEntry};

std::span<const CommandKind> quipu::commands() { return table; }

const CommandKind *quipu::findCommand(std::string_view name) {
  auto found =
      std::find_if(std::begin(table), std::end(table),
                   [&](const CommandKind &kind) { return kind.name == name; });
  return found == std::end(table) ? nullptr : found;
}

static bool gives(const abi::Entry &entry, std::string_view output) {
  return output == "logits" ? getLogits(entry) != nullptr
                            : findOutput(entry, output) >= 0;
}

/// What an entry is for.
static ChosenCommand chooseFor(const abi::Program &program, int32_t entry) {
  for (const CommandKind &kind : table)
    if (!kind.outputs[0].empty() &&
        gives(program.entries[entry], kind.outputs[0]))
      return {&kind, entry};
  return {&entryKind, entry};
}

std::optional<ChosenCommand> quipu::chooseCommand(const abi::Program &program,
                                                  std::string_view word) {
  int32_t named = findEntry(program, word);
  const CommandKind *kind = findCommand(word);
  if (kind && (program.tokenizer || !kind->needsTokenizer)) {
    if (kind->outputs[0].empty())
      return ChosenCommand{kind, -1};
    for (std::string_view output : kind->outputs) {
      if (output.empty())
        continue;
      if (named >= 0 && gives(program.entries[named], output))
        return ChosenCommand{kind, named};
      for (int32_t i = 0; i < program.entryCount; ++i)
        if (gives(program.entries[i], output))
          return ChosenCommand{kind, i};
    }
  }
  if (named >= 0)
    return chooseFor(program, named);
  return {};
}

ChosenCommand quipu::defaultCommand(const abi::Program &program) {
  return chooseFor(program, 0);
}

std::string quipu::commandNames(const abi::Program &program) {
  std::string names;
  auto add = [&](std::string_view name) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  };
  for (const CommandKind &kind : table)
    if (chooseCommand(program, kind.name))
      add(kind.name);
  for (const abi::Entry &entry : getEntries(program))
    if (!findCommand(entry.name))
      add(entry.name);
  return names;
}
