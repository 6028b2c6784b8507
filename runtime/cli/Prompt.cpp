//===- Prompt.cpp - From a text to what a model reads ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Prompt.h"
#include "runtime/cli/Console.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"
#include <charconv>

using namespace quipu;

static std::string readIds(std::string_view text, int32_t limit,
                           std::vector<int32_t> &ids) {
  constexpr std::string_view blanks = " \t\n,";
  for (;;) {
    size_t start = text.find_first_not_of(blanks);
    if (start == text.npos)
      return "";
    text.remove_prefix(start);
    std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    int32_t id;
    const char *end = word.data() + word.size();
    auto [stop, error] = std::from_chars(word.data(), end, id);
    if (error != std::errc() || stop != end || id < 0 || id >= limit)
      return "'--tokens' takes ids from 0 to " + std::to_string(limit - 1) +
             ", not '" + std::string(word) + "'";
    ids.push_back(id);
  }
}

static std::string readText(const Arguments &arguments,
                            const Tokenizer *tokenizer, Prompt &prompt) {
  if (!tokenizer)
    return "this program has no tokenizer; give it ids with '--tokens'";
  ChatTemplate chat;
  if (arguments.chat)
    if (std::string reason = chat.load(*tokenizer); !reason.empty())
      return reason;
  std::string text = arguments.prompt.value_or("");
  if (!arguments.prompt || text == "-") {
    text.clear();
    if (std::string reason = readInput(text); !reason.empty())
      return reason;
  }
  if (arguments.echo)
    prompt.echo = text;
  if (arguments.chat) {
    jinja::Conversation conversation;
    if (arguments.system)
      conversation.add("system", *arguments.system);
    conversation.add("user", text);
    return chat.encode(conversation, arguments.special, prompt.ids);
  }
  prompt.ids = tokenizer->encode(
      text, {.addSpecial = true, .parseSpecial = arguments.special});
  return "";
}

std::string quipu::makePrompt(const Arguments &arguments,
                              const abi::Entry &entry,
                              const Tokenizer *tokenizer, Prompt &prompt) {
  std::string error =
      arguments.tokens
          ? readIds(*arguments.tokens, getTokenLimit(entry), prompt.ids)
          : readText(arguments, tokenizer, prompt);
  if (error.empty() && prompt.ids.empty())
    return "the prompt is empty; the model needs at least one token";
  return error;
}
