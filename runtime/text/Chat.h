//===- Chat.h - Messages to the prompt a model was trained on ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_TEXT_CHAT_H
#define QUIPU_RUNTIME_TEXT_CHAT_H

#include "support/jinja/Conversation.h"
#include <cstdint>

namespace quipu {

class Tokenizer;

/// The checkpoint's chat template, in Jinja, with the model's tokens.
class ChatTemplate {
public:
  /// Returns why there is none that can be used, as one sentence, or nothing.
  std::string load(const Tokenizer &tokenizer);

  /// Appends the ids of the prompt for a conversation. Control tokens are those
  /// that the template writes; with `parseSpecial` those in messages, too. The
  /// template alone says whether the prompt begins with the
  /// beginning-of-text token. Returns a sentence about what failed, or nothing.
  std::string encode(jinja::Conversation &conversation, bool parseSpecial,
                     std::vector<int32_t> &ids) const;

  /// The two halves of that.
  std::string render(jinja::Conversation &conversation,
                     jinja::Text &prompt) const;
  void encode(const jinja::Text &prompt, bool parseSpecial,
              std::vector<int32_t> &ids) const;

private:
  const Tokenizer *tokenizer = nullptr;
  jinja::Template form;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_TEXT_CHAT_H
