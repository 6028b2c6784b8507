//===- ChatSession.cpp - A conversation with a model ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/chat/ChatSession.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/RepetitionWatch.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>

using namespace quipu;

size_t ChatSession::systemCount() const {
  return conversation.messageCount() && conversation.roleOf(0) == "system";
}

void ChatSession::reset() {
  conversation.remove(systemCount(), conversation.messageCount());
  leftOut = 0;
}

std::string ChatSession::load(std::string_view json) {
  std::string error = conversation.setMessages(json);
  if (error.empty())
    leftOut = 0;
  return error;
}

bool ChatSession::takeBack(bool keepsQuestion) {
  size_t count = conversation.messageCount();
  for (size_t i = count; i > 0; --i)
    if (conversation.roleOf(i - 1) == "user") {
      conversation.remove(i - !keepsQuestion, count);
      leftOut = 0; // there may be room again
      return true;
    }
  return false;
}

/// Leaves out the user's oldest message and what answers it; not the last one.
bool ChatSession::leaveOutTurn() {
  size_t first = systemCount() + leftOut, count = conversation.messageCount();
  for (size_t i = first + 1; i < count; ++i)
    if (conversation.roleOf(i) == "user") {
      leftOut += i - first;
      return true;
    }
  return false;
}

std::string ChatSession::makePrompt(std::vector<int32_t> &ids, Answer &answer) {
  auto context = static_cast<size_t>(session.context());
  // What an answer should have room for.
  size_t room = std::min<size_t>(context / 4, 1024);
  if (options.maxTokens >= 0)
    room = std::min(room, static_cast<size_t>(options.maxTokens));
  size_t before = leftOut;
  for (;;) {
    conversation.leaveOut(systemCount(), systemCount() + leftOut);
    ids.clear();
    if (std::string error =
            form.encode(conversation, options.parseSpecial, ids);
        !error.empty())
      return error;
    if (ids.size() + room <= context || !leaveOutTurn())
      break;
  }
  answer.newlyLeftOut = leftOut - std::min(leftOut, before);
  answer.promptTokens = static_cast<int64_t>(ids.size());
  if (ids.empty())
    return "the chat template makes an empty prompt of the messages";
  if (ids.size() > context)
    return "the message has " + std::to_string(ids.size()) +
           " tokens with what the template adds, more than the context of " +
           std::to_string(context) + " positions; --context N makes it longer";
  return "";
}

Status ChatSession::readPrompt(const std::vector<int32_t> &ids,
                               const Interrupted &isInterrupted, Answer &answer,
                               std::vector<float> &logits) {
  double start = now();
  size_t same =
      std::mismatch(held.begin(), held.end(), ids.begin(), ids.end()).first -
      held.begin();
  // One token is read for its logits; a window may ask for more.
  session.forget(0, static_cast<int32_t>(std::min(same, ids.size() - 1)));
  int32_t cached = session.length(0);
  auto count = static_cast<int32_t>(ids.size()) - cached;
  const abi::Entry &entry = session.program().entries[options.entry];
  int32_t output = findOutput(entry, "logits");
  Status status = session.step(
      {.tokens = ids.data() + cached,
       .count = count,
       .selectedCount = 1,
       .entry = options.entry},
      [&](int32_t of, int32_t, const float *numbers) {
        if (of == output)
          logits.assign(numbers, numbers + entry.outputs[output].width);
        return Status{};
      },
      [&](int32_t) { return !isInterrupted(); });
  held.assign(ids.begin(), ids.begin() + session.length(0));
  answer.readTokens = count;
  answer.promptSeconds = now() - start;
  return status;
}

std::string ChatSession::generate(const std::vector<int32_t> &ids,
                                  const std::vector<float> &logits,
                                  const Reader &read,
                                  const Interrupted &isInterrupted,
                                  Answer &answer) {
  GenerationOptions rules = {.entry = options.entry,
                             .sampler = options.sampler,
                             .maxTokens = options.maxTokens,
                             .endsText = {},
                             .constraint = options.constraint};
  if (options.constraint)
    options.constraint->restart();
  if (options.endsAnswers)
    rules.endsText = [&](int32_t token) {
      return isEnd(session.program(), token) ||
             tokenizer.isEndOfGeneration(token);
    };
  constexpr size_t longestMark = 16; // tokens
  std::span<const int32_t> promptEnd(ids);
  if (promptEnd.size() > longestMark)
    promptEnd = promptEnd.last(longestMark);
  ThinkingFilter filter(tokenizer.decode(promptEnd, /*showControl=*/true),
                        [&](std::string_view text, bool isThinking) {
                          (isThinking ? answer.thoughts : answer.content) +=
                              text;
                          read(text, isThinking);
                        });
  Utf8Stream characters;
  RepetitionWatch repetition;
  std::vector<int32_t> text = ids;
  auto take = [&](int32_t token) {
    text.push_back(token);
    std::string_view bytes = tokenizer.bytes(token);
    if (!tokenizer.isControl(token) || ThinkingFilter::isMark(bytes))
      filter.push(characters.push(bytes));
    answer.repeatsItself = options.endsAnswers && repetition.add(token);
    return !answer.repeatsItself && !isInterrupted();
  };
  Generation generation(session, std::move(rules), drafter);
  generation.start(ids);
  std::string error;
  answer.end = generation.run(logits.data(), take, error);
  filter.push(characters.flush());
  filter.finish();
  text.resize(static_cast<size_t>(session.length(0)));
  held = std::move(text);
  answer.counts = generation.statistics();
  answer.draftFailure = generation.draftFailure();
  if (!answer.draftFailure.empty())
    drafter = nullptr;
  answer.seed = options.sampler.seed++; // another answer the next time
  return answer.end == End::Error ? error : "";
}

std::string ChatSession::answer(const Reader &read,
                                const Interrupted &isInterrupted,
                                Answer &answer) {
  std::vector<int32_t> ids;
  std::vector<float> logits;
  std::string error = makePrompt(ids, answer);
  if (error.empty()) {
    Status status = readPrompt(ids, isInterrupted, answer, logits);
    error = std::move(status.message);
  }
  if (error.empty() && !isInterrupted())
    error = generate(ids, logits, read, isInterrupted, answer);
  bool isWanted = answer.counts.generated > 0 || !isInterrupted();
  if (error.empty() && isWanted)
    conversation.add("assistant", answer.content, answer.thoughts);
  else if (size_t count = conversation.messageCount())
    conversation.remove(count - 1, count);
  return error;
}
