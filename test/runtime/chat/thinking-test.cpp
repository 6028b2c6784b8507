//===- thinking-test.cpp - Thoughts apart from answers --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints what is thought and what is said of answers, which are the same
// whether they come in one piece or byte by byte.
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/ThinkingFilter.h"
#include "test/Expect.h"

using namespace quipu;

static std::string divide(std::string_view prompt, std::string_view text,
                          size_t piece) {
  std::string thought, said;
  ThinkingFilter filter(prompt, [&](std::string_view part, bool isThinking) {
    EXPECT(!part.empty());
    (isThinking ? thought : said) += part;
  });
  for (size_t at = 0; at < text.size(); at += piece)
    filter.push(text.substr(at, piece));
  filter.finish();
  return "[" + thought + "] [" + said + "]";
}

static void show(std::string_view prompt, std::string_view text) {
  std::string divided = divide(prompt, text, text.size());
  for (size_t piece : {1, 2, 3, 7})
    EXPECT(divide(prompt, text, piece) == divided);
  printf("%s\n", divided.c_str());
}

int main() {
  show("", "  plain text \n");
  show("", "<think>\n\nwhy\nnot\n\n</think>\n\nSo. ");
  show("", "<think></think>So");
  show("<|im_start|>assistant\n<think>\n", "why</think> So");
  show("<think>\n\n</think>\n\n", "So");
  show("", "a <b> <think <thin");
  show("", "[THINK]why[/THINK]So");
  show("", "<|channel|>analysis<|message|>why<|end|><|start|>assistant"
           "<|channel|>final<|message|>So");
  show("", "<think>never ends ");
  EXPECT(ThinkingFilter::isMark("</think>") &&
         ThinkingFilter::isMark("<|channel|>") &&
         !ThinkingFilter::isMark("<|im_end|>"));
  return 0;
}
