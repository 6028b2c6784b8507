//===- Tasks.cpp - What a checkpoint was trained for ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Tasks.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace quipu;

static std::string getFullKey(const Checkpoint &checkpoint, StringRef key) {
  return (checkpoint.getArchitecture() + "." + key).str();
}

template <typename T>
static const T *findList(const Checkpoint &checkpoint, StringRef key) {
  const MetadataValue *value = checkpoint.find(key);
  return value ? std::get_if<T>(value) : nullptr;
}

using Words = std::vector<StringRef>;

/// As transformers' pipelines choose where the checkpoint says nothing.
static Expected<abi::Scores> readScores(const Checkpoint &checkpoint,
                                        int64_t labels) {
  std::string key = getFullKey(checkpoint, activationKey);
  if (std::optional<StringRef> activation = checkpoint.getString(key)) {
    if (activation->ends_with("Identity"))
      return abi::Scores::Plain;
    if (activation->ends_with("Sigmoid"))
      return abi::Scores::Sigmoid;
    return createStringError(checkpoint.getPath() + ": \"" + key + "\" is '" +
                             *activation + "', expected Identity or Sigmoid");
  }
  key = getFullKey(checkpoint, problemKey);
  StringRef problem = checkpoint.getString(key).value_or("");
  if (problem == "regression")
    return abi::Scores::Plain;
  if (problem == "multi_label_classification" || labels == 1)
    return abi::Scores::Sigmoid;
  if (problem.empty() || problem == "single_label_classification")
    return abi::Scores::Softmax;
  return createStringError(
      checkpoint.getPath() + ": \"" + key + "\" is '" + problem +
      "', expected single_label_classification, multi_label_classification or "
      "regression");
}

Expected<Tasks> quipu::readTasks(const Checkpoint &checkpoint, int64_t labels) {
  Tasks tasks;
  if (labels > 0) {
    Expected<abi::Scores> scores = readScores(checkpoint, labels);
    if (!scores)
      return scores.takeError();
    tasks.scores = *scores;
    std::string key = getFullKey(checkpoint, labelsKey);
    if (const Words *names = findList<Words>(checkpoint, key)) {
      if (static_cast<int64_t>(names->size()) != labels)
        return createStringError(
            checkpoint.getPath() + ": there are " + Twine(names->size()) +
            " labels, but the classifier has " + Twine(labels) + " rows");
      for (StringRef name : *names)
        tasks.labels.push_back(name.str());
    }
    // As transformers calls them.
    for (int64_t i = tasks.labels.size(); i < labels; ++i)
      tasks.labels.push_back("LABEL_" + std::to_string(i));
  }
  const Words *names = findList<Words>(checkpoint, promptNamesKey),
              *texts = findList<Words>(checkpoint, promptTextsKey);
  if (names && texts)
    for (auto [name, text] : zip_equal(*names, *texts)) {
      if (checkpoint.getString(defaultPromptKey) == name)
        tasks.defaultPrompt = static_cast<int32_t>(tasks.prompts.size());
      tasks.prompts.emplace_back(name.str(), text.str());
    }
  return tasks;
}

/// The head that the checkpoint was trained with.
static StringRef getOwnHead(const Checkpoint &checkpoint) {
  if (std::optional<StringRef> head = checkpoint.getString(headKey))
    return *head;
  // GGUF's kinds of pooling are those of sentences, but for two.
  constexpr int64_t none = 0, rank = 4;
  std::optional<int64_t> pooling =
      checkpoint.getInteger(getFullKey(checkpoint, "pooling_type"));
  if (!pooling || pooling == none)
    return "generate";
  return pooling == rank ? "classify" : "embed";
}

Expected<std::vector<std::string>>
quipu::chooseHeads(const Checkpoint &checkpoint, ArrayRef<std::string> asked) {
  StringRef own = getOwnHead(checkpoint);
  if (asked.empty())
    return std::vector<std::string>{own.str()};
  if (own != "generate" && is_contained(asked, "generate") &&
      !checkpoint.findTensor("output.weight"))
    return createStringError(checkpoint.getPath() +
                             ": the model was trained for the head '" + own +
                             "', and has no weights for 'generate'");
  return asked.vec();
}
