//===- Labels.h - Scores of labels ------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_LABELS_H
#define QUIPU_RUNTIME_CLI_LABELS_H

#include "abi/Abi.h"
#include "runtime/cli/Report.h"
#include "support/CommandLine.h"
#include <span>
#include <string>
#include <vector>

namespace quipu {

/// What a label is called, and how true it is.
struct LabelScore {
  std::string label;
  float score;
};

/// The logarithm of the sum of the exponentials: of logits, what is taken from
/// one to get the logarithm of its probability.
double getLogSum(std::span<const float> logits);

/// --top.
Option topOption(std::optional<int64_t> &top);

/// Numbers as scores, in place.
void makeScores(std::span<float> numbers, abi::Scores how);

/// Those of an output's row, the highest first.
std::vector<LabelScore> rankLabels(const abi::Tensor &output,
                                   std::span<const float> numbers);

/// Sorts the highest first, equal ones by name.
void sortLabels(std::vector<LabelScore> &labels);

/// Appends an item's labels: "good 0.9000  bad 0.1000", in a line; as JSON
/// with the item; or as lines of a table, item, label and score.
void printLabels(Format format, const TextItem &item,
                 std::span<const LabelScore> labels, std::string &out);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_LABELS_H
