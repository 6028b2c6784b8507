//===- TextNotes.cpp - What a text probably does not mean -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/TextNotes.h"
#include "runtime/cli/Console.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

void quipu::noteLineEnds(std::string_view text) {
  static bool isTold = false;
  if (isTold || text.find("\r\n") == text.npos)
    return;
  isTold = true;
  note("the text has the line ends of Windows (CR LF), which are other tokens "
       "than line feeds");
}

void quipu::noteBeginning(const Tokenizer &tokenizer, std::string_view text,
                          bool parseSpecial) {
  static bool isTold = false;
  std::vector<int32_t> around = tokenizer.encode("");
  if (isTold || around.size() <= tokenizer.suffixLength())
    return;
  std::string begin =
      tokenizer.decode({around.data(), 1}, /*showControl=*/true);
  if (begin.empty() || !text.starts_with(begin))
    return;
  isTold = true;
  note("the text begins with " + begin +
       ", which the model's texts begin with anyway: " +
       (parseSpecial ? "it is there twice"
                     : "this one is text, and no control token"));
}
