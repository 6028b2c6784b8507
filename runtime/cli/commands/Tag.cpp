//===- Tag.cpp - Labels of tokens -----------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

namespace {
/// A token, or several beside each other that are one thing.
struct Tagged {
  size_t first, last; // tokens
  std::string text, label;
  float score; // of several: the mean
};

class TagCommand : public ItemCommand {
public:
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall &call) override;
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,first,last,text,label,score";
  }
  int32_t output(const CommandCall &call) const override {
    return findOutput(call.program.entries[call.entry], "tags");
  }
  void printRows(const CommandCall &call, const TextItem &item,
                 const ItemRows &rows, std::string &out) override;

private:
  void print(const TextItem &item, std::span<const Tagged> tags,
             std::string &out) const;

  bool groups = false;
};
} // namespace

std::unique_ptr<Command> quipu::makeTag() {
  return std::make_unique<TagCommand>();
}

void TagCommand::addOwnOptions(const CommandCall & /*call*/,
                               std::vector<Option> &options) {
  options.push_back(
      {"What comes out", 0, "group", "", Switch{&groups},
       "Join neighbouring tokens of one thing, as B-PER and I-PER say, and "
       "leave out those labelled O."});
}

CommandHelp TagCommand::help(const CommandCall & /*call*/) const {
  return {
      .words = "\"text\"",
      .text =
          "Prints each token with its label and score in a line, and an empty "
          "line behind each text.",
      .examples = {"\"Ada Lovelace lived in London.\"",
                   "--group --format json < lines.txt",
                   "--group --format csv --jsonl < texts.jsonl"}};
}

std::string TagCommand::prepare(const CommandCall &call) {
  return groups && !call.tokenizer
             ? "'--group' needs a tokenizer, which this program lacks"
             : "";
}

/// Takes the "B-" or "I-" off a label; false if it begins another thing.
static bool goesOn(std::string &label) {
  bool begins = label.starts_with("B-");
  if (begins || label.starts_with("I-"))
    label.erase(0, 2);
  return !begins;
}

static std::vector<Tagged> group(const Tokenizer &tokenizer,
                                 std::span<const int32_t> ids,
                                 std::span<const Tagged> tags) {
  std::vector<Tagged> things;
  for (const Tagged &tag : tags) {
    if (tag.label == "O")
      continue;
    std::string label = tag.label;
    bool continues = goesOn(label) && !things.empty() &&
                     things.back().label == label &&
                     things.back().last + 1 == tag.first;
    if (!continues) {
      things.push_back(tag);
      things.back().label = label;
      continue;
    }
    things.back().last = tag.last;
    things.back().score += tag.score;
  }
  for (Tagged &thing : things) {
    size_t count = thing.last - thing.first + 1;
    thing.score /= static_cast<float>(count);
    thing.text = tokenizer.decode(ids.subspan(thing.first, count));
    thing.text.erase(0, thing.text.find_first_not_of(' '));
  }
  return things;
}

void TagCommand::printRows(const CommandCall &call, const TextItem &item,
                           const ItemRows &rows, std::string &out) {
  const abi::Tensor &tensor =
      call.program.entries[call.entry].outputs[output(call)];
  std::vector<Tagged> tags;
  for (size_t i = 0; i < item.ids.size(); ++i) {
    bool isSpecial = call.tokenizer && !item.givenAsTokens &&
                     call.tokenizer->isControl(item.ids[i]);
    if (isSpecial)
      continue;
    LabelScore best =
        rankLabels(tensor, rows.row(static_cast<int32_t>(i))).front();
    std::string text = call.tokenizer
                           ? std::string(call.tokenizer->bytes(item.ids[i]))
                           : std::to_string(item.ids[i]);
    tags.push_back({i, i, std::move(text), best.label, best.score});
  }
  print(item, groups ? group(*call.tokenizer, item.ids, tags) : tags, out);
}

void TagCommand::print(const TextItem &item, std::span<const Tagged> tags,
                       std::string &out) const {
  printList(format(), item, "tags", tags, out, [&](const Tagged &tag) {
    std::string first = std::to_string(tag.first),
                last = std::to_string(tag.last);
    if (format() == Format::Csv)
      out += first + "," + last + "," + printCell(tag.text) + "," +
             printCell(tag.label) + "," + printNumber(tag.score) + "\n";
    else if (format() == Format::Json)
      out += "{\"first\": " + first + ", \"last\": " + last +
             ", \"text\": " + printJson(tag.text) +
             ", \"label\": " + printJson(tag.label) +
             ", \"score\": " + printNumber(tag.score) + "}";
    else
      out += printLine(tag.text) + "\t" + tag.label + "\t" +
             printScore(tag.score) + "\n";
  });
  if (format() == Format::Text)
    out += "\n";
}
