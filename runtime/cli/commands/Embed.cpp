//===- Embed.cpp - Vectors of texts ---------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Npy.h"
#include "runtime/cli/Outputs.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Tokenizer.h"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

using namespace quipu;

namespace {
class EmbedCommand : public ItemCommand {
public:
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall &call) override;
  std::string csvHeader(const CommandCall &call) const override;
  std::string encode(const CommandCall &call, TextItem &item) const override;
  int32_t output(const CommandCall &call) const override {
    return findOutput(call.program.entries[call.entry], "embedding");
  }
  void printRows(const CommandCall &call, const TextItem &item,
                 const ItemRows &rows, std::string &out) override;
  std::string finish(const CommandCall &call, std::string &out) override;

private:
  std::optional<std::string> promptName, folder;
  const char *prompt = "";
  std::vector<float> embeddings; // for `folder`
};
} // namespace

std::unique_ptr<Command> quipu::makeEmbed() {
  return std::make_unique<EmbedCommand>();
}

static std::string promptNames(const abi::Program &program) {
  std::string names;
  for (int32_t i = 0; i < program.promptCount; ++i)
    names += (i ? ", " : "") + std::string(program.prompts[i].name);
  return names;
}

void EmbedCommand::addOwnOptions(const CommandCall &call,
                                 std::vector<Option> &options) {
  if (call.program.promptCount)
    options.push_back(
        {"What goes in", 0, "prompt-name", "NAME", Text{&promptName},
         "Put the model's prompt of that name before each text: " +
             promptNames(call.program) + " (default: " +
             (call.program.defaultPrompt < 0
                  ? "none"
                  : call.program.prompts[call.program.defaultPrompt].name) +
             ")."});
  options.push_back(
      {"What comes out", 0, "outputs", "DIR", Text{&folder},
       "Write the vectors to DIR/embedding.npy, f32, a row for each text, and "
       "print nothing."});
}

CommandHelp EmbedCommand::help(const CommandCall &call) const {
  const abi::Entry &entry = call.program.entries[call.entry];
  return {.words = "\"text\"",
          .text = "Prints " +
                  std::to_string(entry.outputs[output(call)].width) +
                  " numbers for each text, in a line.",
          .examples = {"\"The cat sits outside.\"", "--format json < lines.txt",
                       "--jsonl --format csv < texts.jsonl",
                       "--outputs vectors < lines.txt"}};
}

std::string EmbedCommand::prepare(const CommandCall &call) {
  const abi::Program &program = call.program;
  if (program.defaultPrompt >= 0)
    prompt = program.prompts[program.defaultPrompt].text;
  if (!promptName)
    return "";
  for (int32_t i = 0; i < program.promptCount; ++i)
    if (*promptName == program.prompts[i].name) {
      prompt = program.prompts[i].text;
      return "";
    }
  return "'--prompt-name' takes " + promptNames(program) + ", not '" +
         *promptName + "'";
}

std::string EmbedCommand::encode(const CommandCall &call,
                                 TextItem &item) const {
  item.text.insert(0, prompt);
  return ItemCommand::encode(call, item);
}

std::string EmbedCommand::csvHeader(const CommandCall &call) const {
  std::string header = "item";
  int32_t width = call.program.entries[call.entry].outputs[output(call)].width;
  for (int32_t i = 0; !folder && i < width; ++i)
    header += "," + std::to_string(i);
  return header;
}

void EmbedCommand::printRows(const CommandCall & /*call*/, const TextItem &item,
                             const ItemRows &rows, std::string &out) {
  if (folder) {
    embeddings.insert(embeddings.end(), rows.numbers.begin(),
                      rows.numbers.end());
    return;
  }
  if (format() == Format::Json) {
    out += "{" + printItemJson(item) +
           ", \"embedding\": " + printJson(rows.row(0)) + "}\n";
    return;
  }
  bool isTable = format() == Format::Csv;
  std::string line = isTable ? printItemCell(item) : "";
  for (float number : rows.row(0)) {
    if (!line.empty())
      line += isTable ? ',' : ' ';
    line += printNumber(number);
  }
  out += line + "\n";
}

std::string EmbedCommand::finish(const CommandCall &call,
                                 std::string & /*out*/) {
  if (!folder)
    return "";
  if (mkdir(folder->c_str(), 0777) < 0 && errno != EEXIST)
    return "cannot make the folder '" + *folder + "': " + strerror(errno);
  const abi::Tensor &tensor =
      call.program.entries[call.entry].outputs[output(call)];
  NpyWriter file;
  auto rows = static_cast<int64_t>(embeddings.size()) / tensor.width;
  std::string error =
      file.open(*folder + "/" + tensor.name + ".npy", rows, tensor.width);
  for (int64_t i = 0; i < rows && error.empty(); ++i)
    error = file.append(&embeddings[i * tensor.width]);
  return error.empty() ? file.finish() : error;
}
