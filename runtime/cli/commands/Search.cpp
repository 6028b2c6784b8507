//===- Search.cpp - Finding passages in an index --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "runtime/cli/RetrievalReport.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/commands/SearchOptions.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Processor.h"
#include "runtime/engine/Workers.h"
#include "runtime/index/EntryEmbedder.h"
#include "runtime/index/Retrieval.h"

using namespace quipu;

namespace {
/// Prints the passages of an index that are nearest to a text.
class SearchCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  /// The vectors of the query and of the index's probe.
  std::string embed(const CommandCall &call, const std::string &query,
                    std::vector<float> (&vectors)[2]) const;

  int32_t threads() const {
    int32_t given = runs.session().engine.threads;
    return given ? given : allowedCpus().usableCores;
  }

  SearchOptions search{/*usualPassages=*/5, /*usualScore=*/-1};
  bool json = false;
  RunOptions runs;
};
} // namespace

std::unique_ptr<Command> quipu::makeSearch() {
  return std::make_unique<SearchCommand>();
}

void SearchCommand::addOptions(const CommandCall &call,
                               std::vector<Option> &options) {
  search.addTo(options);
  options.push_back({"What comes out", 0, "json", "", Switch{&json},
                     "Print the passages as JSON."});
  runs.addTo(options, call.program);
}

CommandHelp SearchCommand::help(const CommandCall &) const {
  return {
      .needs = "--index FILE",
      .words = "\"text\"",
      .text =
          "Prints the passages of an index that are nearest to a text in what "
          "they say, the nearest first: file and lines, the cosine of the "
          "vectors, the headings above, the passage.",
      .examples = {"--index kb \"How do I compile for another processor?\"",
                   "--index kb --passages 3 --json \"numerics\""}};
}

std::string SearchCommand::embed(const CommandCall &call,
                                 const std::string &query,
                                 std::vector<float> (&vectors)[2]) const {
  // The search comes after it, with threads of its own on all processors.
  SessionOptions options = runs.session(EntryEmbedder::sequences);
  options.engine.pin = false;
  std::unique_ptr<Session> session;
  if (Status status = Session::create(call.program, options, session);
      !status.ok())
    return status.message;
  EntryEmbedder embedder(*session, call.entry, *call.tokenizer);
  std::string prompt = findPrompt(call.program, TextKind::Query);
  if (int32_t tokens = embedder.countTokens(query),
      most = embedder.maxTokens(prompt);
      tokens > most)
    return "the text has " + std::to_string(tokens) +
           " tokens, more than the " + std::to_string(most) +
           " that the model reads together";
  return embedder.embed({prompt + query, probeText},
                        [&](size_t text, std::span<const float> vector) {
                          vectors[text].assign(vector.begin(), vector.end());
                        });
}

int SearchCommand::run(const CommandCall &call) {
  std::string query, error = search.takeText(call, query);
  IndexFile index;
  if (error.empty())
    error = index.open(search.indexName());
  std::vector<float> vectors[2];
  if (error.empty())
    error = embed(call, query, vectors);
  if (error.empty())
    error =
        checkModel(index, search.indexName(), call.program.name, vectors[1]);
  if (error.empty() && index.passages().empty())
    error = "the index '" + search.indexName() + "' has no passages";
  Workers workers;
  if (error.empty() && !workers.start(threads(), /*pin=*/true))
    error = "the system has no more threads";
  Retrieval found;
  if (error.empty())
    error = retrieve(index, vectors[0], search.passages(), search.leastScore,
                     workers, found);
  if (!error.empty())
    return fail(error);
  return outputStatus(print(json ? toJson(found) + "\n" : toText(found)));
}
