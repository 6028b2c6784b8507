//===- Prompt.cpp - From a text to what a model has read ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Prompt.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Progress.h"
#include "runtime/cli/TextItems.h"
#include "runtime/cli/TextNotes.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Entries.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"

using namespace quipu;

void PromptSource::addTo(std::vector<Option> &options) {
  const char *input = "What goes in";
  options.insert(
      options.end(),
      {{input, 'p', "prompt", "TEXT", Text{&option},
        "The prompt, which may as well stand behind the options."},
       {input, 0, "tokens", "\"ID ...\"", Text{&tokens},
        "Take token ids instead of a text, and print ids: one line, separated "
        "by blanks. No tokenizer is used."},
       {input, 0, "special", "", Switch{&special},
        "Take control tokens that are written out in the prompt, as "
        "<|im_start|>, as such, and not as text. For prompts that you "
        "wrote."}});
}

std::string PromptSource::takeWords(const CommandCall &call) {
  if (option && !call.words.empty())
    return "'--prompt' and a prompt behind the options exclude each other";
  text = call.words.empty() ? option : call.words[0];
  if (call.words.size() > 1)
    return "unexpected '" + call.words[1] +
           "' after the prompt; put a prompt of several words into quotes" +
           (call.named ? "" : ", or begin with a command, see --help");
  if (tokens && text)
    return "'--tokens' and a prompt exclude each other";
  return "";
}

/// Tells of what a text probably does not mean to say.
static std::string readText(const PromptSource &source,
                            const Tokenizer *tokenizer, Prompt &prompt) {
  if (!tokenizer)
    return "this program has no tokenizer; give it ids with '--tokens'";
  ChatTemplate chat;
  if (source.chat)
    if (std::string reason = chat.load(*tokenizer); !reason.empty())
      return reason;
  if (source.text && *source.text != "-")
    prompt.text = *source.text;
  else if (std::string reason = readInput(prompt.text); !reason.empty())
    return reason;
  noteLineEnds(prompt.text);
  if (!source.chat)
    noteBeginning(*tokenizer, prompt.text, source.special);
  if (source.chat) {
    jinja::Conversation conversation;
    if (source.system)
      conversation.add("system", *source.system);
    conversation.add("user", prompt.text);
    return chat.encode(conversation, source.special, prompt.ids);
  }
  prompt.ids = tokenizer->encode(
      prompt.text, {.addSpecial = true, .parseSpecial = source.special});
  return "";
}

std::string quipu::makePrompt(const PromptSource &source,
                              const abi::Entry &entry,
                              const Tokenizer *tokenizer, Prompt &prompt) {
  std::string error =
      source.tokens ? readIds(*source.tokens, getTokenLimit(entry), prompt.ids)
                    : readText(source, tokenizer, prompt);
  if (error.empty() && prompt.ids.empty())
    return "the prompt is empty; the model needs at least one token";
  return error;
}

Status quipu::readPrompt(Session &session, int32_t entry, const Prompt &prompt,
                         Outputs &outputs) {
  if (prompt.count() > session.context())
    return {QUIPU_ERROR_CONTEXT_FULL,
            "the prompt has " + std::to_string(prompt.count()) +
                " tokens, more than the context of " +
                std::to_string(session.context()) +
                " positions; --context N makes it longer"};
  Progress progress("reading the prompt");
  Status status = session.step(
      {.tokens = prompt.ids.data(),
       .count = prompt.count(),
       .selectedCount = outputs.selectedCount(),
       .entry = entry},
      [&](int32_t output, int32_t row, const float *numbers) {
        return outputs.take(output, row, numbers);
      },
      [&](int32_t done) {
        progress.update(done, prompt.count());
        return !interrupted();
      });
  return status.ok() && !interrupted() ? outputs.finish() : status;
}
