//===- Classify.cpp - Labels of texts, by a classifier --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include <climits>

using namespace quipu;

namespace {
class ClassifyCommand : public ItemCommand {
public:
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,label,score";
  }
  std::string encode(const CommandCall &call, TextItem &item) const override;
  int32_t output(const CommandCall &call) const override {
    return findOutput(call.program.entries[call.entry], "classes");
  }
  void printRows(const CommandCall &call, const TextItem &item,
                 const ItemRows &rows, std::string &out) override;

private:
  std::optional<std::string> pair;
  std::optional<int64_t> top;
};
} // namespace

std::unique_ptr<Command> quipu::makeClassify() {
  return std::make_unique<ClassifyCommand>();
}

void ClassifyCommand::addOwnOptions(const CommandCall & /*call*/,
                                    std::vector<Option> &options) {
  options.insert(options.end(),
                 {{"What goes in", 0, "pair", "TEXT", Text{&pair},
                   "A second text, for models that classify two together."},
                  topOption(top)});
}

CommandHelp ClassifyCommand::help(const CommandCall &call) const {
  const abi::Tensor &classes =
      call.program.entries[call.entry].outputs[output(call)];
  std::string names;
  constexpr int32_t most = 12;
  for (int32_t i = 0; classes.labels && i < std::min(classes.width, most); ++i)
    names += (i ? ", " : "") + std::string(classes.labels[i]);
  if (classes.width > most)
    names += ", ...";
  const char *scores = classes.scores == abi::Scores::Softmax
                           ? "which sum to 1: one of them is true"
                       : classes.scores == abi::Scores::Sigmoid
                           ? "each from 0 to 1: several may be true"
                           : "as the model gives them";
  return {
      .words = "\"text\"",
      .text =
          "Prints the labels of each text and their scores, the highest first, "
          "in a line. Labels: " +
          names + ". Scores are numbers " + scores + ".",
      .examples = {"\"What a wonderful day.\"", "--top 1 < lines.txt",
                   "--jsonl --format csv < texts.jsonl",
                   "\"The cat sits.\" --pair \"An animal sits.\""}};
}

std::string ClassifyCommand::encode(const CommandCall &call,
                                    TextItem &item) const {
  if (pair && !item.pair)
    item.pair = pair;
  return ItemCommand::encode(call, item);
}

void ClassifyCommand::printRows(const CommandCall &call, const TextItem &item,
                                const ItemRows &rows, std::string &out) {
  std::vector<LabelScore> labels = rankLabels(
      call.program.entries[call.entry].outputs[output(call)], rows.row(0));
  labels.resize(std::min<size_t>(labels.size(), top.value_or(INT_MAX)));
  printLabels(format(), item, labels, out);
}
