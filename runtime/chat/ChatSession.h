//===- ChatSession.h - A conversation with a model --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CHAT_CHATSESSION_H
#define QUIPU_RUNTIME_CHAT_CHATSESSION_H

#include "runtime/chat/ThinkingFilter.h"
#include "runtime/generate/Generation.h"
#include "runtime/text/Chat.h"

namespace quipu {

struct ChatOptions {
  int32_t entry = 0; // one that gives logits
  SamplerOptions sampler;
  int64_t maxTokens = -1; // of an answer; -1: until it ends
  /// Control tokens in messages are such, and not text.
  bool parseSpecial = false;
  /// An answer ends where the model says so, or when it repeats itself.
  bool endsAnswers = true;
  Constraint *constraint = nullptr; // what each answer has to be, or null
};

/// What became of an answer.
struct Answer {
  std::string content, thoughts;
  End end = End::Reader;
  bool repeatsItself = false; // why it was ended
  /// Messages that the context has no room for: the oldest ones, which the
  /// model was not given.
  size_t newlyLeftOut = 0;
  int64_t promptTokens = 0, readTokens = 0; // the others were cached
  double promptSeconds = 0;
  uint64_t seed = 0;
  GenerationStatistics counts;
  std::string draftFailure; // the answer did not suffer
};

/// Answers a conversation, in sequence 0 of a session. What the sequence holds
/// of the prompt already is not read again.
class ChatSession {
public:
  /// `drafter` may be null.
  ChatSession(Session &session, const Tokenizer &tokenizer,
              const ChatTemplate &form, Drafter *drafter, ChatOptions options)
      : session(session), tokenizer(tokenizer), form(form), drafter(drafter),
        options(options) {}

  jinja::Conversation &messages() { return conversation; }
  /// Goes on from messages in JSON instead. Returns a sentence about an error,
  /// or nothing.
  std::string load(std::string_view json);
  /// Forgets all messages but the system's.
  void reset();
  /// Takes back the user's last message and what answers it, or only the
  /// answer; false if there is no such message.
  bool takeBack(bool keepsQuestion);

  /// Says a part of the answer, or of the thoughts before it.
  using Reader = ThinkingFilter::Reader;
  /// Whether the user wants no more of it.
  using Interrupted = std::function<bool()>;

  /// Answers the last message, and adds the answer to the conversation. After
  /// an error, or if the user wants no answer before it begins, the message is
  /// forgotten. Returns a sentence about what
  /// failed, or nothing.
  std::string answer(const Reader &read, const Interrupted &isInterrupted,
                     Answer &answer);

private:
  std::string makePrompt(std::vector<int32_t> &ids, Answer &answer);
  Status readPrompt(const std::vector<int32_t> &ids,
                    const Interrupted &isInterrupted, Answer &answer,
                    std::vector<float> &logits);
  std::string generate(const std::vector<int32_t> &ids,
                       const std::vector<float> &logits, const Reader &read,
                       const Interrupted &isInterrupted, Answer &answer);
  /// How many messages the system's are: 0 or 1.
  size_t systemCount() const;
  bool leaveOutTurn();

  Session &session;
  const Tokenizer &tokenizer;
  const ChatTemplate &form;
  Drafter *drafter;
  ChatOptions options;
  jinja::Conversation conversation;
  size_t leftOut = 0;        // messages behind the system's
  std::vector<int32_t> held; // what the sequence holds
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CHAT_CHATSESSION_H
