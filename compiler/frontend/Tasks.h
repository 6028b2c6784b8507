//===- Tasks.h - What a checkpoint was trained for --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TASKS_H
#define QUIPU_COMPILER_FRONTEND_TASKS_H

#include "abi/Abi.h"
#include "compiler/frontend/Checkpoint.h"

namespace quipu {

/// Keys of folders for which GGUF has none, all without the family's prefix.
/// The head of the model's class, as `models/names` calls it.
inline constexpr llvm::StringLiteral headKey = "general.head";
/// Two lists of equal length, and one of the names.
inline constexpr llvm::StringLiteral promptNamesKey = "general.prompt_names",
                                     promptTextsKey = "general.prompt_texts",
                                     defaultPromptKey =
                                         "general.default_prompt";
/// With the family's prefix; the first is GGUF's, too.
inline constexpr llvm::StringLiteral labelsKey = "classifier.output_labels",
                                     problemKey = "classifier.problem_type",
                                     activationKey = "classifier.activation";

/// What a program tells of its outputs and wants before its texts.
struct Tasks {
  std::vector<std::string> labels; // of a classifier; empty: it names none
  abi::Scores scores = abi::Scores::Softmax;
  std::vector<std::pair<std::string, std::string>> prompts; // names and texts
  int32_t defaultPrompt = -1;
};

/// Whether the numbers of the output of that name are for a classifier's
/// labels.
inline bool hasLabels(llvm::StringRef output) {
  return output == "classes" || output == "tags";
}

/// Reads a checkpoint's keys; `labels` is how many its classifier has.
llvm::Expected<Tasks> readTasks(const Checkpoint &checkpoint, int64_t labels);

/// The heads to build: those asked for or, without any, the one that the
/// checkpoint was trained with. Logits of a checkpoint that has none are
/// refused.
llvm::Expected<std::vector<std::string>>
chooseHeads(const Checkpoint &checkpoint, llvm::ArrayRef<std::string> asked);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TASKS_H
