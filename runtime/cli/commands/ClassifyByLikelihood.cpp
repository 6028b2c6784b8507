//===- ClassifyByLikelihood.cpp - Labels by a language model --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A label is as likely as the model finds it behind a prompt with the text.
// What a model finds likely behind any text is no news: by default the same
// prompt without a text is what it is compared with (the domain-conditional PMI
// of Holtzman et al. 2021; with that prompt as the content-free one the
// contextual calibration of Zhao et al. 2021 gives the same order).
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/TextBatch.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <climits>
#include <cmath>

using namespace quipu;

namespace {
class ClassifyByLikelihood : public ItemCommand {
public:
  ClassifyByLikelihood() {
    items.takesTokens = false;
    items.pairKey = nullptr;
    cuts = false;
  }
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall &call) override;
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,label,score";
  }
  std::string encode(const CommandCall &call, TextItem &item) const override;
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;
  int32_t sequences(const CommandCall & /*call*/) const override {
    return textsTogether + labelsTogether();
  }

private:
  struct Label {
    std::string name;
    std::vector<int32_t> ids = {}; // what follows the prompt
    double usual = 0; // log-likelihood behind a prompt without text
  };
  enum class Calibration : int32_t { Domain, None };

  /// Labels that are read together, each behind the prompt of a text.
  int32_t labelsTogether() const {
    return std::max(textsTogether, static_cast<int32_t>(labels.size()));
  }

  std::string encodePrompt(const CommandCall &call, std::string_view text,
                           std::vector<int32_t> &ids) const;
  std::string encodeLabels(const CommandCall &call);
  std::string calibrate(const CommandCall &call, Session &session);
  Status readLabels(const CommandCall &call, Session &session,
                    std::vector<std::vector<double>> &likelihoods) const;
  Status measure(const CommandCall &call, Session &session,
                 std::span<const TextItem> items,
                 std::vector<std::vector<double>> &likelihoods) const;

  std::optional<std::string> names, givenPrompt;
  std::string prompt;
  std::optional<int64_t> top;
  int32_t calibration = 0;
  bool isChat = false, isCalibrated = false;
  ChatTemplate chat;
  std::vector<Label> labels;
};
} // namespace

std::unique_ptr<Command> quipu::makeClassifyByLikelihood() {
  return std::make_unique<ClassifyByLikelihood>();
}

void ClassifyByLikelihood::addOwnOptions(const CommandCall & /*call*/,
                                         std::vector<Option> &options) {
  const char *input = "What goes in";
  options.insert(
      options.end(),
      {{input, 0, "labels", "NAME,...", Text{&names},
        "The labels that there are, two or more."},
       {input, 0, "prompt", "TEXT", Text{&givenPrompt},
        "What the model reads before a label; {text} stands for the text, "
        "{labels} for \"good, bad\" (default: \"Text: {text}\", a line "
        "\"Possible labels: {labels}\" and \"Label:\")."},
       {input, 0, "chat", "", Switch{&isChat},
        "Ask in a chat: the prompt is a user's message, the label the answer."},
       topOption(top),
       {"How labels are compared", 0, "calibration", "HOW",
        Choice{&calibration, {"domain", "none"}},
        "domain: by how much more likely a label is than behind the prompt "
        "without a text; none: by its likelihood for each of its tokens "
        "(default: domain)."}});
}

CommandHelp ClassifyByLikelihood::help(const CommandCall & /*call*/) const {
  return {
      .needs = "--labels NAME,...",
      .words = "\"text\"",
      .text =
          "Prints the labels of each text and their scores, the highest first, "
          "in a line. The scores sum to 1; they are made of how likely the "
          "language model finds each label behind the text.",
      .examples = {"--labels positive,negative \"What a wonderful day.\"",
                   "--labels sport,politics,science --top 1 < lines.txt",
                   "--labels yes,no --prompt \"{text} Food?\" < lines.txt"}};
}

static void replaceAll(std::string &text, std::string_view name,
                       std::string_view value) {
  for (size_t at = 0; (at = text.find(name, at)) != text.npos;
       at += value.size())
    text.replace(at, name.size(), value);
}

std::string
ClassifyByLikelihood::encodePrompt(const CommandCall &call,
                                   std::string_view text,
                                   std::vector<int32_t> &ids) const {
  std::string all = prompt;
  replaceAll(all, "{text}", text);
  if (isChat) {
    jinja::Conversation conversation;
    conversation.add("user", all);
    return chat.encode(conversation, items.special(), ids);
  }
  ids = call.tokenizer->encode(
      all, {.addSpecial = true, .parseSpecial = items.special()});
  return "";
}

std::string ClassifyByLikelihood::encodeLabels(const CommandCall &call) {
  // What a label is behind the prompt's last characters shows in both together.
  std::string end = isChat ? "" : prompt.substr(prompt.rfind('}') + 1);
  if (prompt.ends_with('}'))
    end = "";
  EncodeOptions plain = {.addSpecial = false, .parseSpecial = false};
  std::vector<int32_t> before = call.tokenizer->encode(end, plain);
  for (Label &label : labels) {
    std::string word = (isChat || end.empty() ? "" : " ") + label.name;
    std::vector<int32_t> both = call.tokenizer->encode(end + word, plain);
    bool continues = both.size() > before.size() &&
                     std::equal(before.begin(), before.end(), both.begin());
    label.ids = continues
                    ? std::vector(both.begin() + before.size(), both.end())
                    : call.tokenizer->encode(word, plain);
    if (label.ids.empty())
      return "the label '" + label.name + "' has no tokens";
  }
  return "";
}

std::string ClassifyByLikelihood::prepare(const CommandCall &call) {
  std::string joined;
  for (std::string_view rest = names ? *names : std::string_view();
       !rest.empty();) {
    size_t comma = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    size_t first = std::min(name.find_first_not_of(' '), name.size());
    name = name.substr(first, name.find_last_not_of(' ') + 1 - first);
    if (name.empty())
      continue;
    for (const Label &other : labels)
      if (other.name == name)
        return "'--labels' names '" + other.name + "' twice";
    labels.push_back({.name = std::string(name)});
    joined += (joined.empty() ? "" : ", ") + labels.back().name;
  }
  constexpr size_t most = 1024;
  if (labels.size() < 2 || labels.size() > most)
    return "give '--labels NAME,...' with 2 to " + std::to_string(most) +
           " labels: this program has no classifier of its own";
  prompt =
      givenPrompt.value_or("Text: {text}\nPossible labels: {labels}\nLabel:");
  if (prompt.find("{text}") == prompt.npos)
    return "'--prompt' must have {text}, where the text goes";
  replaceAll(prompt, "{labels}", joined);
  if (isChat)
    if (std::string reason = chat.load(*call.tokenizer); !reason.empty())
      return reason;
  return encodeLabels(call);
}

std::string ClassifyByLikelihood::encode(const CommandCall &call,
                                         TextItem &item) const {
  if (item.text.empty())
    return "the text is empty";
  return encodePrompt(call, item.text, item.ids);
}

/// Adds what the tokens behind a label's first one say, of all texts.
Status ClassifyByLikelihood::readLabels(
    const CommandCall &call, Session &session,
    std::vector<std::vector<double>> &likelihoods) const {
  struct LabelOfText {
    size_t text, label;
  };
  TextBatch batch(session, call.entry, textsTogether);
  std::vector<LabelOfText> read; // what is in the batch
  int32_t logits = findOutput(call.program.entries[call.entry], "logits");
  int32_t width = call.program.entries[call.entry].outputs[logits].width;
  auto run = [&] {
    Status status = batch.run(
        [&](int32_t text, int32_t output, int32_t token, const float *numbers) {
          auto [of, label] = read[text];
          if (output == logits)
            likelihoods[of][label] += numbers[labels[label].ids[token + 1]] -
                                      getLogSum({numbers, size_t(width)});
          return Status();
        });
    read.clear();
    return status;
  };
  Status status;
  for (size_t text = 0; text < likelihoods.size(); ++text)
    for (size_t i = 0; i < labels.size() && status.ok(); ++i)
      if (std::span<const int32_t> ids = labels[i].ids; ids.size() > 1) {
        // The prompt's pages are shared by its labels.
        session.fork(static_cast<int32_t>(text), textsTogether + batch.texts());
        batch.add(ids.first(ids.size() - 1), {}, /*selectedFrom=*/0);
        read.push_back({text, i});
        if (batch.texts() == labelsTogether())
          status = run();
      }
  return status.ok() ? run() : status;
}

Status ClassifyByLikelihood::measure(
    const CommandCall &call, Session &session, std::span<const TextItem> items,
    std::vector<std::vector<double>> &likelihoods) const {
  likelihoods.assign(items.size(), std::vector<double>(labels.size()));
  int32_t logits = findOutput(call.program.entries[call.entry], "logits");
  int32_t width = call.program.entries[call.entry].outputs[logits].width;
  TextBatch batch(session, call.entry);
  for (const TextItem &item : items)
    batch.add(item.ids);
  Status status = batch.run(
      [&](int32_t text, int32_t output, int32_t, const float *numbers) {
        double sum = output == logits ? getLogSum({numbers, size_t(width)}) : 0;
        for (size_t i = 0; output == logits && i < labels.size(); ++i)
          likelihoods[text][i] = numbers[labels[i].ids[0]] - sum;
        return Status();
      },
      TextBatch::Sequences::Keep);
  if (status.ok())
    status = readLabels(call, session, likelihoods);
  for (int32_t i = 0; i < session.sequences(); ++i)
    session.forget(i);
  return status;
}

std::string ClassifyByLikelihood::calibrate(const CommandCall &call,
                                            Session &session) {
  isCalibrated = true;
  TextItem empty;
  if (std::string error = encodePrompt(call, "", empty.ids); !error.empty())
    return error;
  std::vector<std::vector<double>> likelihoods;
  Status status = measure(call, session, {&empty, 1}, likelihoods);
  for (size_t i = 0; i < labels.size() && status.ok(); ++i)
    labels[i].usual = likelihoods[0][i];
  return status.message;
}

std::string ClassifyByLikelihood::runGroup(const CommandCall &call,
                                           Session *session,
                                           std::span<const TextItem> items,
                                           std::string &out) {
  bool isPlain = static_cast<Calibration>(calibration) == Calibration::None;
  if (!isPlain && !isCalibrated)
    if (std::string error = calibrate(call, *session); !error.empty())
      return error;
  std::vector<std::vector<double>> likelihoods;
  if (Status status = measure(call, *session, items, likelihoods); !status.ok())
    return status.message;
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<float> scores;
    for (size_t j = 0; j < labels.size(); ++j) {
      double length = isPlain ? static_cast<double>(labels[j].ids.size()) : 1;
      scores.push_back(
          static_cast<float>((likelihoods[i][j] - labels[j].usual) / length));
    }
    makeScores(scores, abi::Scores::Softmax);
    std::vector<LabelScore> ranked;
    ranked.reserve(labels.size());
    for (size_t j = 0; j < labels.size(); ++j)
      ranked.push_back({labels[j].name, scores[j]});
    sortLabels(ranked);
    ranked.resize(std::min<size_t>(ranked.size(), top.value_or(INT_MAX)));
    printLabels(format(), items[i], ranked, out);
  }
  return "";
}
