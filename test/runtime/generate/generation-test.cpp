//===- generation-test.cpp - How texts go on, and why they end ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok". The model is fake-program.cpp's.
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/Generation.h"
#include "test/Expect.h"
#include <algorithm>

using namespace quipu;

using Ids = std::vector<int32_t>;

namespace {
/// Drafts what it is told, then fails.
class Drafts : public Drafter {
public:
  Drafts(Ids right, int32_t rightCount, int32_t rounds)
      : right(std::move(right)), rightCount(rightCount), rounds(rounds) {}

  std::string draft(const Ids &text, int32_t most, Ids &drafted) override {
    if (most == 0)
      return "";
    if (rounds-- == 0)
      return "no more drafts";
    drafted.clear();
    for (int32_t i = 0; i < most; ++i) {
      size_t place = text.size() + i;
      int32_t token = place < right.size() ? right[place] : 1;
      drafted.push_back(i < rightCount ? token : token ^ 1);
    }
    longest = std::max(longest, most);
    return "";
  }
  int32_t longest = 0;

private:
  Ids right; // the whole text
  int32_t rightCount, rounds;
};

struct Result {
  End end;
  Ids text;
  GenerationStatistics statistics;
  std::string draftFailure, error;
};
} // namespace

static Result generate(const Ids &prompt, GenerationOptions options,
                       SessionOptions sessionOptions, Drafter *drafter = {},
                       int64_t readAtMost = INT64_MAX) {
  std::unique_ptr<Session> session;
  EXPECT(Session::create(quipu_program, sessionOptions, session).ok());
  std::vector<float> logits;
  EXPECT(session
             ->step({.tokens = prompt.data(),
                     .count = static_cast<int32_t>(prompt.size()),
                     .selectedCount = 1},
                    [&](int32_t, int32_t, const float *row) {
                      logits.assign(row, row + 259);
                      return Status{};
                    })
             .ok());
  Result result = {End::Error, prompt, {}, {}, {}};
  Generation generation(*session, std::move(options), drafter);
  generation.start(prompt);
  result.end = generation.run(
      logits.data(),
      [&](int32_t token) {
        result.text.push_back(token);
        return --readAtMost > 0;
      },
      result.error);
  result.statistics = generation.statistics();
  result.draftFailure = generation.draftFailure();
  return result;
}

static GenerationOptions until(int64_t maxTokens,
                               std::function<bool(int32_t)> endsText = {}) {
  return {.entry = 0,
          .sampler = {},
          .maxTokens = maxTokens,
          .endsText = std::move(endsText)};
}

static void testEnds() {
  const Ids prompt = {1, 2, 3, 4, 5};
  Result result = generate(prompt, until(7), {});
  EXPECT(result.end == End::Length && result.text.size() == 12);
  EXPECT(result.statistics.generated == 7 && result.statistics.drafted == 0);
  EXPECT(generate(prompt, until(0), {}).text == prompt);
  EXPECT(generate(prompt, until(1), {}).text.size() == 6);
  // The last token needs no place in the context.
  result = generate(prompt, until(-1), {.context = 20});
  EXPECT(result.end == End::Context && result.text.size() == 21);
  EXPECT(generate(prompt, until(16), {.context = 20}).end == End::Length);
  EXPECT(generate(prompt, until(15), {.context = 20}).end == End::Length);
  // The token that ends the text is none of it.
  result =
      generate(prompt, until(-1, [](int32_t id) { return id == 257; }), {});
  EXPECT(result.end == End::Text && result.text.size() == 48);
  result = generate(prompt, until(-1), {}, nullptr, 3);
  EXPECT(result.end == End::Reader && result.text.size() == 8);
}

/// On a device the text without drafts is that of tokens which it has chosen.
static void testDrafts(const SamplerOptions &sampler) {
  const Ids prompt = {1, 2, 3, 4, 5};
  auto until = [&](int64_t maxTokens,
                   std::function<bool(int32_t)> endsText = {}) {
    GenerationOptions options = ::until(maxTokens, std::move(endsText));
    options.sampler = sampler;
    return options;
  };
  Result plain = generate(prompt, until(100), {});
  for (int32_t rightCount : {0, 1, 2, 7, 100}) {
    Drafts drafts(plain.text, rightCount, 1000);
    Result result = generate(prompt, until(100), {}, &drafts);
    EXPECT(result.text == plain.text && result.end == End::Length);
    EXPECT(drafts.longest == 15);
    EXPECT((result.statistics.accepted == 0) == (rightCount == 0));
    if (rightCount == 100)
      EXPECT(result.statistics.accepted == result.statistics.drafted);
    // All ends are as without drafts.
    Drafts more(plain.text, rightCount, 1000);
    result = generate(prompt, until(-1), {.context = 20}, &more);
    EXPECT(result.end == End::Context &&
           result.text == Ids(plain.text.begin(), plain.text.begin() + 21));
    result = generate(prompt, until(-1), {}, &more, 3);
    EXPECT(result.text.size() == 8);
    result = generate(prompt, until(-1, [](int32_t id) { return id == 257; }),
                      {}, &more);
    EXPECT(result.text == Ids(plain.text.begin(), plain.text.begin() + 48));
  }
  Drafts failing(plain.text, 2, 2);
  Result result = generate(prompt, until(100), {}, &failing);
  EXPECT(result.text == plain.text);
  EXPECT(result.draftFailure == "no more drafts");
}

/// Where a draft went past a page's end, step by step, its window is gone: the
/// text is read again.
static void testLostWindow() {
  Ids longPrompt(143);
  for (int32_t i = 0; i < 143; ++i)
    longPrompt[i] = i % 50;
  SessionOptions options = {.context = 400, .chunk = 1};
  Result plain = generate(longPrompt, until(60), options);
  Drafts drafts({}, 0, 1000);
  Result result = generate(longPrompt, until(60), options, &drafts);
  EXPECT(result.text == plain.text && drafts.longest == 15);
}

int main() {
  testEnds();
  testDrafts({});
  testDrafts({.temperature = 0.1f, .repeatPenalty = 1.1f, .seed = 3});
  testLostWindow();
  puts("ok");
}
