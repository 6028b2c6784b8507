//===- SearchOptions.cpp - What commands search an index for --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/commands/SearchOptions.h"
#include "runtime/cli/Console.h"

using namespace quipu;

void SearchOptions::addTo(std::vector<Option> &options) {
  const char *input = "What is searched";
  char score[32];
  snprintf(score, sizeof(score), "%g", leastScore);
  options.insert(
      options.end(),
      {{input, 0, "index", "FILE", Text{&index},
        "The index, which the command 'index' has made."},
       {input, 0, "passages", "N", Integer{&most, 1, 1000},
        "Take the N best passages at most (default: " +
            std::to_string(usualPassages) + ")."},
       {input, 0, "least-score", "S", Real{&leastScore, -1, 1},
        "Take none with a lower score, the cosine of the angle between its "
        "vector and the text's (default: " +
            std::string(score) + ")."}});
}

std::string SearchOptions::takeText(const CommandCall &call,
                                    std::string &text) const {
  if (!index)
    return "there is no index; give it with '--index FILE', see --help";
  if (call.words.size() > 1)
    return "unexpected '" + call.words[1] +
           "' after the text; put a text of several words into quotes";
  if (!call.words.empty() && call.words[0] != "-")
    text = call.words[0];
  else if (std::string error = readInput(text); !error.empty())
    return error;
  return text.find_first_not_of(" \t\r\n") == text.npos ? "the text is empty"
                                                        : "";
}
