//===- Rank.cpp - Texts by how well they suit a query ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/TextBatch.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <climits>
#include <cmath>
#include <tuple>

using namespace quipu;

namespace {
class RankCommand : public ItemCommand {
public:
  RankCommand() {
    items.takesTokens = false;
    items.takesFiles = true;
    items.pairKey = nullptr;
  }
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall & /*call*/) override {
    return query ? "" : "give the question with '--query TEXT'";
  }
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "rank,item,score,text";
  }
  std::string finish(const CommandCall &call, std::string &out) override;
  void add(const TextItem &item, float score);

  std::optional<std::string> query;

private:
  struct Ranked {
    TextItem item;
    float score;
  };
  std::optional<int64_t> top;
  std::vector<Ranked> found;
};

/// By a model that reads query and text together.
class RankByPairs : public RankCommand {
protected:
  std::string prepare(const CommandCall &call) override;
  std::string encode(const CommandCall &call, TextItem &item) const override;
  int32_t output(const CommandCall &call) const override {
    return findOutput(call.program.entries[call.entry], "classes");
  }
  void printRows(const CommandCall &call, const TextItem &item,
                 const ItemRows &rows, std::string &out) override;
};

/// By the cosine of the angle between the vectors of both.
class RankByVectors : public RankCommand {
protected:
  std::string encode(const CommandCall &call, TextItem &item) const override;
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;
  int32_t output(const CommandCall &call) const override {
    return findOutput(call.program.entries[call.entry], "embedding");
  }
  void printRows(const CommandCall &call, const TextItem &item,
                 const ItemRows &rows, std::string &out) override;

private:
  std::vector<float> queryVector;
  bool readsQuery = false;
};
} // namespace

std::unique_ptr<Command> quipu::makeRankByPairs() {
  return std::make_unique<RankByPairs>();
}
std::unique_ptr<Command> quipu::makeRankByVectors() {
  return std::make_unique<RankByVectors>();
}

void RankCommand::addOwnOptions(const CommandCall & /*call*/,
                                std::vector<Option> &options) {
  options.insert(options.end(), {{"What goes in", 0, "query", "TEXT",
                                  Text{&query}, "What is looked for."},
                                 topOption(top)});
}

CommandHelp RankCommand::help(const CommandCall & /*call*/) const {
  return {
      .needs = "--query TEXT",
      .words = "FILE...",
      .text =
          "Prints the score of each file, or of each line of standard input, "
          "and the file's name or the line, the best first.",
      .examples = {"--query \"Who feeds the cat?\" notes.txt letters.txt",
                   "--query \"Who feeds the cat?\" --top 3 < lines.txt",
                   "--query cats --format json --jsonl < texts.jsonl"}};
}

void RankCommand::add(const TextItem &item, float score) {
  found.push_back({item, score});
  found.back().item.ids.clear(); // not needed any longer, and long
}

std::string RankCommand::finish(const CommandCall & /*call*/,
                                std::string &out) {
  std::sort(found.begin(), found.end(), [](const Ranked &a, const Ranked &b) {
    return std::tie(b.score, a.item.number) < std::tie(a.score, b.item.number);
  });
  found.resize(std::min<size_t>(found.size(), top.value_or(INT_MAX)));
  for (size_t i = 0; i < found.size(); ++i) {
    const auto &[item, score] = found[i];
    std::string rank = std::to_string(i + 1);
    // A file is its name, a line its text.
    std::string text = item.fileName.empty() ? item.text : item.fileName;
    if (format() == Format::Json)
      out += "{\"rank\": " + rank + ", " + printItemJson(item) +
             ", \"score\": " + printNumber(score) +
             ", \"text\": " + printJson(text) + "}\n";
    else if (format() == Format::Csv)
      out += rank + "," + printItemCell(item) + "," + printNumber(score) + "," +
             printCell(text) + "\n";
    else
      out += printScore(score) + "\t" + printLine(text) + "\n";
  }
  return "";
}

std::string RankByPairs::prepare(const CommandCall &call) {
  int32_t labels = call.program.entries[call.entry].outputs[output(call)].width;
  if (labels != 1)
    return "this program's classifier has " + std::to_string(labels) +
           " labels, and 'rank' needs one that has one, or '--head embed'";
  return RankCommand::prepare(call);
}

std::string RankByPairs::encode(const CommandCall &call, TextItem &item) const {
  return call.tokenizer->encodePair(
      query.value_or(""), item.text,
      {.addSpecial = true, .parseSpecial = items.special()}, item.ids,
      item.types);
}

void RankByPairs::printRows(const CommandCall &call, const TextItem &item,
                            const ItemRows &rows, std::string & /*out*/) {
  const abi::Tensor &tensor =
      call.program.entries[call.entry].outputs[output(call)];
  add(item, rankLabels(tensor, rows.row(0)).front().score);
}

std::string RankByVectors::encode(const CommandCall &call,
                                  TextItem &item) const {
  std::string prompt = findPrompt(
      call.program, readsQuery ? TextKind::Query : TextKind::Document);
  item.ids = call.tokenizer->encode(
      prompt + item.text,
      {.addSpecial = true, .parseSpecial = items.special()});
  return "";
}

std::string RankByVectors::runGroup(const CommandCall &call, Session *session,
                                    std::span<const TextItem> items,
                                    std::string &out) {
  if (queryVector.empty()) {
    TextItem item{.text = query.value_or("")};
    readsQuery = true;
    std::string error = encode(call, item);
    if (error.empty())
      error = fit(call, session->longestText(call.entry), item);
    if (error.empty())
      error = ItemCommand::runGroup(call, session, {&item, 1}, out);
    readsQuery = false;
    if (!error.empty())
      return error;
  }
  return ItemCommand::runGroup(call, session, items, out);
}

void RankByVectors::printRows(const CommandCall & /*call*/,
                              const TextItem &item, const ItemRows &rows,
                              std::string & /*out*/) {
  std::span<const float> vector = rows.row(0);
  if (readsQuery) {
    queryVector.assign(vector.begin(), vector.end());
    return;
  }
  double product = 0, a = 0, b = 0;
  for (size_t i = 0; i < vector.size(); ++i) {
    product += double(vector[i]) * queryVector[i];
    a += double(vector[i]) * vector[i];
    b += double(queryVector[i]) * queryVector[i];
  }
  double length = std::sqrt(a * b);
  add(item, static_cast<float>(length > 0 ? product / length : 0));
}
