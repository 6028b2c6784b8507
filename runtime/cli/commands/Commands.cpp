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

static constexpr std::string_view
    classifyMadeBy = "quipu build of a ...ForSequenceClassification, or of a "
                     "language model, makes one that can",
    embedMadeBy = "quipu build MODEL --head embed makes one that can",
    tokenizerMadeBy = "quipu build of a model with a tokenizer makes one that "
                      "can";

// The first row with an output is what programs with such an entry do by
// default.
static const CommandKind table[] = {
    {"generate", "Continues a text, or answers with --chat.", "logits", false,
     "quipu build MODEL --head generate makes one that can", makeGenerate},
    {"chat", "Answers a message, or takes turns with you.", "logits", true,
     "quipu build MODEL --head generate makes one that can", makeChat},
    {"classify", "Says which labels texts have, and how surely.", "classes",
     false, classifyMadeBy, makeClassify},
    {"classify",
     "Says which of your --labels texts have, by their likelihoods.", "logits",
     true, classifyMadeBy, makeClassifyByLikelihood},
    {"tag", "Labels each token of texts.", "tags", false,
     "quipu build of a ...ForTokenClassification makes one that can", makeTag},
    {"answer", "Finds the answers to questions in a --context.", "span", false,
     "quipu build of a ...ForQuestionAnswering makes one that can", makeAnswer},
    {"embed", "Makes vectors of texts.", "embedding", false, embedMadeBy,
     makeEmbed},
    {"rank", "Sorts texts by how well they answer a --query.", "classes", true,
     embedMadeBy, makeRankByPairs},
    {"rank", "Sorts texts by how well they suit a --query.", "embedding", true,
     embedMadeBy, makeRankByVectors},
    {"perplexity", "Measures how well the model foretells texts.", "logits",
     false, "quipu build MODEL --head generate makes one that can",
     makePerplexity},
    {"tokenize", "Prints the token ids of texts.", "", true, tokenizerMadeBy,
     makeTokenize},
    {"detokenize", "Prints the texts of token ids.", "", true, tokenizerMadeBy,
     makeDetokenize},
    {"ask", "Answers a question from the documents of an index.", "logits",
     true, "quipu build of a model that chats makes one that can", makeAsk},
    {"index", "Makes an index of a folder's documents.", "embedding", true,
     embedMadeBy, makeIndex},
    {"search", "Finds the passages of an index that are nearest to a text.",
     "embedding", true, embedMadeBy, makeSearch},
};

/// An entry that no command knows.
static const CommandKind entryKind = {
    "", "Prints what an entry gives.", "", false, "", makeEntry};

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
    if (!kind.output.empty() && gives(program.entries[entry], kind.output))
      return {&kind, entry};
  return {&entryKind, entry};
}

/// The entry that a row of the table runs: that of the command's name, or the
/// first one; nothing if the program lacks what it needs.
static std::optional<int32_t> findEntryFor(const CommandKind &kind,
                                           const abi::Program &program) {
  if (kind.needsTokenizer && !program.tokenizer)
    return {};
  if (kind.output.empty())
    return -1;
  int32_t named = findEntry(program, kind.name);
  if (named >= 0 && gives(program.entries[named], kind.output))
    return named;
  for (int32_t i = 0; i < program.entryCount; ++i)
    if (gives(program.entries[i], kind.output))
      return i;
  return {};
}

std::optional<ChosenCommand> quipu::chooseCommand(const abi::Program &program,
                                                  std::string_view word) {
  for (const CommandKind &kind : table)
    if (kind.name == word)
      if (std::optional<int32_t> entry = findEntryFor(kind, program))
        return ChosenCommand{&kind, *entry};
  if (int32_t named = findEntry(program, word); named >= 0)
    return chooseFor(program, named);
  return {};
}

ChosenCommand quipu::defaultCommand(const abi::Program &program) {
  return chooseFor(program, 0);
}
