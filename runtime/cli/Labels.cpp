//===- Labels.cpp - Scores of labels --------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Labels.h"
#include <algorithm>
#include <climits>
#include <cmath>
#include <tuple>

using namespace quipu;

double quipu::getLogSum(std::span<const float> logits) {
  float most = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(logit - most);
  return most + std::log(sum);
}

Option quipu::topOption(std::optional<int64_t> &top) {
  return {"What comes out",
          0,
          "top",
          "N",
          Integer{&top, 1, INT_MAX},
          "Print the N best only (default: all)."};
}

void quipu::makeScores(std::span<float> numbers, abi::Scores how) {
  if (how == abi::Scores::Sigmoid)
    for (float &number : numbers)
      number = 1 / (1 + std::exp(-number));
  if (how != abi::Scores::Softmax || numbers.empty())
    return;
  float most = *std::max_element(numbers.begin(), numbers.end());
  double sum = 0;
  for (float &number : numbers)
    sum += number = std::exp(number - most);
  for (float &number : numbers)
    number = static_cast<float>(number / sum);
}

void quipu::sortLabels(std::vector<LabelScore> &labels) {
  std::sort(labels.begin(), labels.end(),
            [](const LabelScore &a, const LabelScore &b) {
              return std::tie(b.score, a.label) < std::tie(a.score, b.label);
            });
}

std::vector<LabelScore> quipu::rankLabels(const abi::Tensor &output,
                                          std::span<const float> numbers) {
  std::vector<float> scores(numbers.begin(), numbers.end());
  makeScores(scores, output.scores);
  std::vector<LabelScore> labels;
  labels.reserve(scores.size());
  for (size_t i = 0; i < scores.size(); ++i)
    labels.push_back(
        {output.labels ? output.labels[i] : std::to_string(i), scores[i]});
  sortLabels(labels);
  return labels;
}

void quipu::printLabels(Format format, const TextItem &item,
                        std::span<const LabelScore> labels, std::string &out) {
  printList(format, item, "labels", labels, out, [&](const LabelScore &label) {
    if (format == Format::Csv)
      out += printCell(label.label) + "," + printNumber(label.score) + "\n";
    else if (format == Format::Json)
      out += "{\"label\": " + printJson(label.label) +
             ", \"score\": " + printNumber(label.score) + "}";
    else
      out += (&label == &labels.front() ? "" : "  ") + label.label + " " +
             printScore(label.score);
  });
  if (format == Format::Text)
    out += "\n";
}
