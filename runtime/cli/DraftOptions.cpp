//===- DraftOptions.cpp - How a command guesses ahead ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/DraftOptions.h"
#include "runtime/generate/speculative/DraftProgram.h"
#include "runtime/generate/speculative/LookupDrafter.h"

using namespace quipu;

void DraftOptions::addTo(std::vector<Option> &options) {
  options.insert(
      options.end(),
      {{heading, 0, "lookup", "", Switch{&lookup},
        "Guess that the text goes on as it did after the same tokens before: "
        "faster where texts repeat or quote."},
       {heading, 0, "draft", "PROGRAM", Text{&draft},
        "Guess what PROGRAM would write, one like this of a smaller model with "
        "the same tokens."}});
}

std::string DraftOptions::start(const abi::Program &target, int32_t entry,
                                const Tokenizer *tokenizer,
                                const RunOptions &runs) {
  if (lookup && draft)
    return "'--lookup' and '--draft' exclude each other";
  if (lookup)
    made = std::make_unique<LookupDrafter>();
  if (!draft)
    return "";
  auto drafter = std::make_unique<DraftProgram>(*draft);
  std::string error =
      drafter->start(target, target.entries[entry], tokenizer, runs.session());
  made = std::move(drafter);
  return error;
}
