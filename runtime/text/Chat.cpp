//===- Chat.cpp - Messages to the prompt a model was trained on -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

std::string ChatTemplate::load(const Tokenizer &model) {
  tokenizer = &model;
  if (model.chatTemplate().empty())
    return "the model has no chat template, use it with plain prompts";
  std::string error = form.parse(model.chatTemplate());
  return error.empty() ? ""
                       : "the model's chat template cannot be run: " + error +
                             "; use it with plain prompts";
}

std::string ChatTemplate::render(jinja::Conversation &conversation,
                                 jinja::Text &prompt) const {
  for (auto [name, id] : {std::pair("bos_token", tokenizer->bos()),
                          std::pair("eos_token", tokenizer->eos())})
    if (id != noToken)
      conversation.setToken(name, tokenizer->bytes(id));
  std::string error = conversation.render(form, prompt);
  return error.empty() ? "" : "the chat template fails: " + error;
}

void ChatTemplate::encode(const jinja::Text &prompt, bool parseSpecial,
                          std::vector<int32_t> &ids) const {
  EncodeOptions options = {.addSpecial = false, .parseSpecial = true};
  if (!parseSpecial)
    options.plain = prompt.inputs;
  std::vector<int32_t> encoded = tokenizer->encode(prompt.bytes, options);
  ids.insert(ids.end(), encoded.begin(), encoded.end());
}

std::string ChatTemplate::encode(jinja::Conversation &conversation,
                                 bool parseSpecial,
                                 std::vector<int32_t> &ids) const {
  jinja::Text prompt;
  std::string error = render(conversation, prompt);
  if (error.empty())
    encode(prompt, parseSpecial, ids);
  return error;
}
