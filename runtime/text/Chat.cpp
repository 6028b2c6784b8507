//===- Chat.cpp - Messages to the prompt a model was trained on -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Chat.h"

using namespace quipu;

static constexpr std::string_view messageStart = "<|im_start|>";
static constexpr std::string_view messageEnd = "<|im_end|>";

/// The text of the Jinja string literal whose content is at the front of
/// `source`, which ends at the first `quote`.
static std::string readLiteral(std::string_view source, char quote) {
  std::string text;
  for (size_t i = 0; i < source.size() && source[i] != quote; ++i) {
    if (source[i] == '\\' && i + 1 < source.size()) {
      char escaped = source[++i];
      text += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
    } else {
      text += source[i];
    }
  }
  return text;
}

/// A template with a default system message writes it as one string literal,
/// '<|im_start|>system\n...<|im_end|>\n'; where the message given is written,
/// the literal ends after "system\n".
static std::string findDefaultSystem(std::string_view jinja) {
  const std::string opening = std::string(messageStart) + "system\n";
  size_t found = 0;
  while ((found = jinja.find(messageStart, found)) != std::string_view::npos) {
    char quote = found > 0 ? jinja[found - 1] : '\0';
    if (quote == '\'' || quote == '"') {
      std::string literal = readLiteral(jinja.substr(found), quote);
      size_t end = literal.find(messageEnd);
      if (literal.starts_with(opening) && end != std::string::npos)
        return literal.substr(opening.size(), end - opening.size());
    }
    found += messageStart.size();
  }
  return {};
}

std::string ChatMl::load(std::string_view jinja) {
  auto has = [&](std::string_view token) {
    return jinja.find(token) != std::string_view::npos;
  };
  defaultSystem.clear();
  if (jinja.empty())
    return "the model has no chat template, use it with plain prompts";
  // Some formats are ChatML but for what separates role and content.
  if (!has(messageStart) || !has(messageEnd) || has("<|im_sep|>"))
    return "the model's chat template is not ChatML (<|im_start|>role, "
           "content, <|im_end|>), use it with plain prompts";
  defaultSystem = findDefaultSystem(jinja);
  return {};
}

static void append(std::string &prompt, std::string_view role,
                   std::string_view content) {
  prompt.append(messageStart).append(role).append("\n");
  prompt.append(content).append(messageEnd).append("\n");
}

std::string ChatMl::render(std::span<const ChatMessage> messages,
                           bool openReply) const {
  std::string prompt;
  if (!defaultSystem.empty() && !messages.empty() &&
      messages[0].role != "system")
    append(prompt, "system", defaultSystem);
  for (const ChatMessage &message : messages)
    append(prompt, message.role, message.content);
  if (openReply)
    prompt.append(messageStart).append("assistant\n");
  return prompt;
}
