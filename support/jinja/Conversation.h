//===- Conversation.h - The variables of a chat template --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_CONVERSATION_H
#define QUIPU_SUPPORT_JINJA_CONVERSATION_H

#include "support/jinja/Template.h"

namespace quipu::jinja {

/// What a chat template is given, under the names that Hugging Face's
/// transformers give it: messages, tools, documents, add_generation_prompt,
/// bos_token, eos_token.
class Conversation {
public:
  Conversation();

  /// A message's text, and what its writer thought before it; invalid UTF-8
  /// becomes U+FFFD.
  void add(std::string_view role, std::string_view content,
           std::string_view reasoning = "");
  /// Sets the system's message, which is the first; an empty text removes it.
  void setSystem(std::string_view content);
  /// Removes the messages from `begin` to `end`.
  void remove(size_t begin, size_t end);
  /// Keeps the messages from `begin` to `end` from templates.
  void leaveOut(size_t begin, size_t end) { leftOut = {begin, end}; }
  /// The messages, or the tools, of JSON as OpenAI has it: a list, or a request
  /// that has the list of messages. Return a sentence about an error,
  /// "line N: ...", or nothing.
  std::string setMessages(std::string_view json);
  std::string setTools(std::string_view json);
  /// An object of other variables, whose texts count as the template's own.
  std::string setVariables(std::string_view json);
  /// A text of the model: a control token's.
  void setToken(std::string_view name, std::string_view text);
  /// Whether the prompt ends with the beginning of a reply.
  void setOpensReply(bool opens);

  size_t messageCount() const { return messages->items.size(); }
  /// Empty if the message has none.
  std::string_view roleOf(size_t index) const;
  /// All messages, as setMessages reads them; '\n' ends the last line.
  std::string writeMessages(std::string &json) const;

  std::string render(const Template &form, Text &prompt,
                     const Limits &limits = {}) const;

private:
  void set(std::string_view name, const Value &value);
  Value trustRole(const Value &message);
  Value makeMessage(std::string_view role, std::string_view content,
                    std::string_view reasoning);

  Heap heap;
  Mapping variables;
  Sequence *messages;
  ByteSpan leftOut = {};
};

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_CONVERSATION_H
