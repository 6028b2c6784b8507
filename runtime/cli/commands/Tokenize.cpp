//===- Tokenize.cpp - Texts to token ids, and back ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

namespace {
class TokenizeCommand : public ItemCommand {
public:
  TokenizeCommand() {
    items.takesTokens = false;
    cuts = false;
  }
  CommandHelp help(const CommandCall & /*call*/) const override {
    return {
        .words = "\"text\"",
        .text =
            "Prints the ids of each text in a line, with those that the model "
            "wants before and behind it.",
        .examples = {"\"The cat sits outside.\"", "--format json < lines.txt",
                     "--jsonl < texts.jsonl"}};
  }

protected:
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,id,token";
  }
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;
};

class DetokenizeCommand : public ItemCommand {
public:
  DetokenizeCommand() {
    items.takesTokens = false;
    items.takesSpecial = false;
    cuts = false;
    items.textKey = "tokens";
    items.pairKey = nullptr;
  }
  CommandHelp help(const CommandCall & /*call*/) const override {
    return {
        .words = "\"ID ...\"",
        .text =
            "Prints the text of the ids in each line, without control tokens.",
        .examples = {"\"504 3575 282\"", "--format json < ids.txt"}};
  }

protected:
  void addOwnOptions(const CommandCall & /*call*/,
                     std::vector<Option> &options) override {
    options.push_back({"What comes out", 0, "control", "",
                       Switch{&showsControl},
                       "Print the names of control tokens, as <|im_start|>."});
  }
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,text";
  }
  std::string encode(const CommandCall &call, TextItem &item) const override {
    return readIds(item.text, call.tokenizer->vocabularySize(), item.ids);
  }
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;

private:
  bool showsControl = false;
};
} // namespace

std::unique_ptr<Command> quipu::makeTokenize() {
  return std::make_unique<TokenizeCommand>();
}
std::unique_ptr<Command> quipu::makeDetokenize() {
  return std::make_unique<DetokenizeCommand>();
}

std::string TokenizeCommand::runGroup(const CommandCall &call,
                                      Session * /*session*/,
                                      std::span<const TextItem> items,
                                      std::string &out) {
  for (const TextItem &item : items) {
    std::string ids, tokens;
    for (int32_t id : item.ids) {
      std::string_view bytes = call.tokenizer->bytes(id);
      if (format() == Format::Csv)
        out += printItemCell(item) + "," + std::to_string(id) + "," +
               printCell(bytes) + "\n";
      const char *between = format() == Format::Json ? ", " : " ";
      ids += (ids.empty() ? "" : between) + std::to_string(id);
      tokens += (tokens.empty() ? "" : ", ") + printJson(bytes);
    }
    if (format() == Format::Json)
      out += "{" + printItemJson(item) + ", \"ids\": [" + ids +
             "], \"tokens\": [" + tokens + "]}\n";
    else if (format() == Format::Text)
      out += ids + "\n";
  }
  return "";
}

std::string DetokenizeCommand::runGroup(const CommandCall &call,
                                        Session * /*session*/,
                                        std::span<const TextItem> items,
                                        std::string &out) {
  for (const TextItem &item : items) {
    std::string text = call.tokenizer->decode(item.ids, showsControl);
    if (format() == Format::Json)
      out +=
          "{" + printItemJson(item) + ", \"text\": " + printJson(text) + "}\n";
    else if (format() == Format::Csv)
      out += printItemCell(item) + "," + printCell(text) + "\n";
    else
      out += text + "\n";
  }
  return "";
}
