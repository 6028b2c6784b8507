//===- generate-test.cpp - Tokens that the device chooses -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok". The model is fake-program.cpp's,
// whose windowed state sees 20 positions; its steps take up to 16 tokens.
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Session.h"
#include "runtime/generate/Sampler.h"
#include "test/Expect.h"

using namespace quipu;

using Ids = std::vector<int32_t>;

static std::unique_ptr<Session> create(int32_t context, int32_t sequences) {
  std::unique_ptr<Session> session;
  SessionOptions options = {.context = context, .sequences = sequences};
  EXPECT(Session::create(quipu_program, options, session).ok());
  return session;
}

/// Lets a sequence have `count` tokens, of which it has not read the last.
static Continuation begin(Session &session, int32_t sequence, int32_t count,
                          const SamplerOptions &options) {
  Ids text(count);
  Sampler sampler(options);
  for (int32_t i = 0; i < count; ++i) {
    text[i] = (i * 97 + sequence * 41) % 250;
    sampler.accept(text[i]);
  }
  if (count > 1)
    EXPECT(session
               .step({.tokens = text.data(),
                      .count = count - 1,
                      .sequence = sequence})
               .ok());
  return {sequence, text.back(), sampler.state()};
}

/// The same as Session::generate with one token more from the host's sampler in
/// each step. Returns the tokens of a step behind those of the one before.
static Ids generateOnHost(Session &session,
                          const std::vector<Continuation> &texts,
                          int32_t steps) {
  Ids tokens, sequences, all;
  std::vector<Sampler> samplers;
  for (const Continuation &text : texts) {
    tokens.push_back(text.token);
    sequences.push_back(text.sequence);
    samplers.push_back(Sampler::resume(text.sampler));
  }
  auto width = static_cast<int32_t>(texts.size());
  while (steps--) {
    EXPECT(session
               .step({.tokens = tokens.data(),
                      .count = width,
                      .sequences = sequences.data(),
                      .selectedCount = width},
                     [&](int32_t, int32_t row, const float *logits) {
                       tokens[row] = samplers[row].choose(logits, 259);
                       samplers[row].accept(tokens[row]);
                       return Status{};
                     })
               .ok());
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  return all;
}

/// At most `steps` steps, until `read` of them were read.
static Ids generate(Session &session, const std::vector<Continuation> &texts,
                    int32_t steps, int32_t read = INT32_MAX) {
  Ids all;
  Status status =
      session.generate(texts, 0, steps, [&](std::span<const int32_t> tokens) {
        EXPECT(tokens.size() == texts.size());
        all.insert(all.end(), tokens.begin(), tokens.end());
        return --read > 0;
      });
  if (!status.ok())
    puts(status.message.c_str());
  EXPECT(status.ok());
  return all;
}

static const SamplerOptions samplers[] = {
    {},
    {.temperature = 1.5f, .topK = 60, .seed = 7},
    {.temperature = 0.7f, .topK = 5, .repeatPenalty = 1.3f, .seed = 1},
    {.repeatPenalty = 2},
};

/// Of texts before, at and behind a page's end.
static std::vector<Continuation> beginAll(Session &session) {
  const int32_t lengths[] = {1, 100, 128, 129};
  std::vector<Continuation> texts;
  for (int32_t i = 0; i < 4; ++i)
    texts.push_back(begin(session, i, lengths[i], samplers[i]));
  return texts;
}

static bool holdTheSame(const Session &a, const Session &b) {
  for (int32_t i = 0; i < a.sequences(); ++i)
    if (a.length(i) != b.length(i))
      return false;
  for (int32_t i = 0; i < quipu_program.poolCount; ++i)
    if (a.usedPages(i) != b.usedPages(i))
      return false;
  return true;
}

static void testLikeTheHost() {
  for (int32_t steps : {1, 2, 3, 4, 5, 40, 200}) {
    auto host = create(400, 4), device = create(400, 4);
    Ids expected = generateOnHost(*host, beginAll(*host), steps);
    EXPECT(generate(*device, beginAll(*device), steps) == expected);
    EXPECT(holdTheSame(*host, *device));
  }
}

/// What was run too far leaves nothing behind.
static void testStops() {
  for (int32_t read = 1; read < 8; ++read) {
    auto host = create(400, 4), device = create(400, 4);
    std::vector<Continuation> texts = beginAll(*host);
    Ids expected = generateOnHost(*host, texts, read);
    EXPECT(generate(*device, beginAll(*device), 100, read) == expected);
    EXPECT(holdTheSame(*host, *device));
    for (int32_t i = 0; i < 4; ++i)
      texts[i].token = expected[expected.size() - 4 + i];
    expected = generateOnHost(*host, texts, 30);
    EXPECT(generate(*device, texts, 30) == expected);
    EXPECT(holdTheSame(*host, *device));
  }
}

/// Sequences that share a page write to copies of it.
static void testForks() {
  auto host = create(400, 3), device = create(400, 3);
  std::vector<Continuation> texts;
  for (Session *session : {host.get(), device.get()}) {
    texts = {begin(*session, 0, 60, {})};
    for (int32_t i : {1, 2}) {
      session->fork(0, i);
      texts.push_back({i, i, texts[0].sampler});
    }
  }
  Ids expected = generateOnHost(*host, texts, 90);
  EXPECT(generate(*device, texts, 90, 50) ==
         Ids(expected.begin(), expected.begin() + 150));
  // One is made of another where the engine had gone further.
  device->fork(1, 0);
  std::vector<Continuation> later = {{0, expected[148], texts[1].sampler},
                                     {1, expected[148], texts[1].sampler},
                                     {2, expected[149], texts[2].sampler}};
  Ids rest = generate(*device, later, 40);
  for (int32_t i = 0; i < 40; ++i) {
    EXPECT(rest[3 * i] == expected[150 + 3 * i + 1]);
    EXPECT(rest[3 * i + 1] == expected[150 + 3 * i + 1]);
    EXPECT(rest[3 * i + 2] == expected[150 + 3 * i + 2]);
  }
}

static void testContextEnd() {
  for (int32_t context : {130, 256, 300}) {
    auto host = create(context, 1), device = create(context, 1);
    Ids expected =
        generateOnHost(*host, {begin(*host, 0, 120, {})}, context - 119);
    std::vector<Continuation> texts = {begin(*device, 0, 120, {})};
    Status status = device->generate(
        texts, 0, context - 118, [](std::span<const int32_t>) { return true; });
    EXPECT(status.code == QUIPU_ERROR_CONTEXT_FULL &&
           status.message.find("steps from position 119 on are more than") !=
               std::string::npos);
    EXPECT(device->length(0) == 119);
    EXPECT(generate(*device, texts, context - 119) == expected);
    EXPECT(device->length(0) == context);
  }
}

static void testRefusals() {
  auto session = create(100, 40);
  EXPECT(session->canGenerate(0, 16, Sampler({}).state()));
  EXPECT(!session->canGenerate(0, 17, Sampler({}).state()));
  EXPECT(!session->canGenerate(0, 0, Sampler({}).state()));
  for (int32_t entry : {1, 2, 3})
    EXPECT(!session->canGenerate(entry, 1, Sampler({}).state()));
  auto fits = [&](int32_t topK) {
    Sampler sampler(SamplerOptions{.temperature = 1, .topK = topK});
    return session->canGenerate(0, 1, sampler.state());
  };
  EXPECT(!fits(0) && fits(1) && fits(64) && !fits(65));

  auto expectError = [&](const std::vector<Continuation> &texts,
                         const char *sentence) {
    Status status =
        session->generate(texts, 0, 5, [](std::span<const int32_t>) {
          EXPECT(false);
          return true;
        });
    EXPECT(status.message.find(sentence) != std::string::npos);
    EXPECT(session->length(0) == 0 && session->usedPages(0) == 0);
  };
  abi::SamplerState greedy = Sampler({}).state();
  expectError({{0, 1, greedy}, {0, 2, greedy}},
              "sequence 0 goes on twice in one step");
  expectError({{0, 259, greedy}}, "token 0's id must be from 0 to 258");
  expectError({{40, 1, greedy}}, "token 0's sequence must be from 0 to 39");
  expectError({}, "a step needs at least one token");
}

int main() {
  testLikeTheHost();
  testStops();
  testForks();
  testContextEnd();
  testRefusals();
  puts("ok");
}
