//===- Perplexity.cpp - How well a model foretells texts ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/TextBatch.h"
#include <climits>
#include <cmath>

using namespace quipu;

namespace {
class PerplexityCommand : public ItemCommand {
public:
  PerplexityCommand() {
    items.takesFiles = true;
    items.pairKey = nullptr;
    cuts = false;
  }
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall &call) override;
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,tokens,nats,perplexity";
  }
  std::string fit(const CommandCall & /*call*/, int32_t /*longest*/,
                  TextItem &item) const override {
    return item.ids.size() < 2 ? "a text of less than two tokens has nothing "
                                 "to foretell"
                               : "";
  }
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;

private:
  /// A part of an item that is read together.
  struct Window {
    size_t item;
    int32_t first, scored, end; // tokens; from `scored` on they are new
  };
  std::vector<Window> divide(std::span<const TextItem> items,
                             int32_t longest) const;

  std::optional<int64_t> window, stride;
};
} // namespace

std::unique_ptr<Command> quipu::makePerplexity() {
  return std::make_unique<PerplexityCommand>();
}

void PerplexityCommand::addOwnOptions(const CommandCall & /*call*/,
                                      std::vector<Option> &options) {
  const char *how = "How long texts are read";
  options.insert(
      options.end(),
      {{how, 0, "window", "N", Integer{&window, 2, abi::maxContext},
        "Read at most N tokens together (default: the context)."},
       {how, 0, "stride", "N", Integer{&stride, 1, abi::maxContext},
        "Let the next part begin N tokens behind the one before; only what it "
        "has new counts (default: half a window)."}});
}

CommandHelp PerplexityCommand::help(const CommandCall & /*call*/) const {
  return {
      .words = "FILE...",
      .text =
          "Prints the perplexity of each file, or of each line of standard "
          "input: e to the mean of -ln p, in nats, of the tokens behind the "
          "first.",
      .examples = {"book.txt", "--window 512 --stride 256 book.txt",
                   "--format csv < lines.txt", "--tokens \"1 2 3\""}};
}

std::string PerplexityCommand::prepare(const CommandCall & /*call*/) {
  return window && stride && *stride >= *window
             ? "'--stride' must be less than '--window'"
             : "";
}

std::vector<PerplexityCommand::Window>
PerplexityCommand::divide(std::span<const TextItem> items,
                          int32_t longest) const {
  auto most = static_cast<int32_t>(
      std::min<int64_t>(window.value_or(longest), longest));
  auto step = static_cast<int32_t>(
      std::min<int64_t>(stride.value_or(most / 2), most - 1));
  step = std::max(step, 1);
  std::vector<Window> windows;
  for (size_t i = 0; i < items.size(); ++i) {
    auto count = static_cast<int32_t>(items[i].ids.size());
    int32_t end = 1;
    for (int32_t first = 0; end < count; first += step) {
      int32_t scored = end;
      end = std::min(first + most, count);
      windows.push_back({i, first, scored, end});
    }
  }
  return windows;
}

std::string PerplexityCommand::runGroup(const CommandCall &call,
                                        Session *session,
                                        std::span<const TextItem> items,
                                        std::string &out) {
  std::vector<double> nats(items.size());
  std::vector<Window> windows = divide(items, session->longestText(call.entry));
  const abi::Entry &entry = call.program.entries[call.entry];
  int32_t logits = findOutput(entry, "logits");
  for (size_t next = 0; next < windows.size();) {
    TextBatch batch(*session, call.entry);
    size_t begin = next;
    while (next < windows.size() && batch.texts() < textsTogether &&
           (batch.tokens() == 0 || batch.tokens() < maxTokens)) {
      const Window &part = windows[next++];
      std::span<const int32_t> ids = items[part.item].ids;
      // The last token's logits foretell what is not there.
      batch.add(ids.subspan(part.first, part.end - 1 - part.first), {},
                part.scored - 1 - part.first);
    }
    Status status = batch.run(
        [&](int32_t text, int32_t output, int32_t token, const float *numbers) {
          const Window &part = windows[begin + text];
          int32_t follows = items[part.item].ids[part.first + token + 1];
          if (output == logits)
            nats[part.item] +=
                getLogSum({numbers, size_t(entry.outputs[logits].width)}) -
                numbers[follows];
          return Status();
        });
    if (!status.ok())
      return status.message;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    double mean = nats[i] / static_cast<double>(items[i].ids.size() - 1);
    auto nat = static_cast<float>(mean),
         perplexity = static_cast<float>(std::exp(mean));
    std::string tokens = std::to_string(items[i].ids.size());
    if (format() == Format::Json)
      out += "{" + printItemJson(items[i]) + ", \"tokens\": " + tokens +
             ", \"nats\": " + printNumber(nat) +
             ", \"perplexity\": " + printNumber(perplexity) + "}\n";
    else if (format() == Format::Csv)
      out += printItemCell(items[i]) + "," + tokens + "," + printNumber(nat) +
             "," + printNumber(perplexity) + "\n";
    else
      out += "perplexity " + printScore(perplexity) + ", " + printScore(nat) +
             " nats for each of " + tokens + " tokens\n";
  }
  return "";
}
