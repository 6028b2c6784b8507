//===- Chat.h - Messages to the prompt a model was trained on ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_CHAT_H
#define QUIPU_RUNTIME_TEXT_CHAT_H

#include <span>
#include <string>
#include <string_view>

namespace quipu {

struct ChatMessage {
  std::string role; // "system", "user", "assistant"
  std::string content;
};

/// A chat template in the ChatML format, where a message reads
/// `<|im_start|>role\ncontent<|im_end|>\n`. Jinja templates are recognised, not
/// run.
class ChatMl {
public:
  /// Reads a Jinja template. Returns why it cannot be used, as one sentence;
  /// empty when it can.
  std::string load(std::string_view jinja);

  /// The prompt for these messages and, if `openReply` is set, the beginning of
  /// the assistant's reply. Contents are not escaped: encode the result with
  /// parseSpecial, and only if who wrote the messages may write control tokens.
  std::string render(std::span<const ChatMessage> messages,
                     bool openReply = true) const;

  /// What the template has the system say when the first message is not a
  /// system message; empty when it adds nothing.
  std::string_view getDefaultSystem() const { return defaultSystem; }

private:
  std::string defaultSystem;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_CHAT_H
