//===- session-test.cpp - Batches, steps and what is refused --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok". The model is fake-program.cpp's:
// its windowed state sees 20 positions; labels come from steps of 16 tokens.
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Entries.h"
#include "runtime/engine/Session.h"
#include "test/Expect.h"
#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

using namespace quipu;

using Ids = std::vector<int32_t>;
using Row = std::vector<float>;
using Rows = std::map<int32_t, std::vector<Row>>; // [output][row]

static std::unique_ptr<Session> create(SessionOptions options) {
  std::unique_ptr<Session> session;
  Status status = Session::create(quipu_program, options, session);
  if (!status.ok())
    puts(status.message.c_str());
  EXPECT(status.ok());
  return session;
}

static int32_t entry(const char *name) {
  return findEntry(quipu_program, name);
}

static Ids someIds(int32_t count, int32_t seed) {
  Ids ids(count);
  for (int32_t i = 0; i < count; ++i)
    ids[i] = (i * i * 31 + i * 97 + seed * 41) % 256;
  return ids;
}

namespace {
/// A batch in the making.
struct Call {
  Ids tokens, positions, sequences, selected;
  int32_t entry = 0;

  Batch batch() const {
    return {.tokens = tokens.data(),
            .count = static_cast<int32_t>(tokens.size()),
            .positions = positions.empty() ? nullptr : positions.data(),
            .sequences = sequences.empty() ? nullptr : sequences.data(),
            .selected = selected.data(),
            .selectedCount = static_cast<int32_t>(selected.size()),
            .entry = entry};
  }
  Status run(Session &session, Rows &rows) const {
    return session.step(batch(), [&](int32_t output, int32_t row,
                                     const float *numbers) {
      std::vector<Row> &of = rows[output];
      EXPECT(row == static_cast<int32_t>(of.size()));
      const abi::Tensor &tensor = quipu_program.entries[entry].outputs[output];
      of.emplace_back(numbers, numbers + tensor.width);
      return Status{};
    });
  }
};
} // namespace

/// Runs what must work and returns the rows of the first output.
static std::vector<Row> get(Session &session, const Call &call) {
  Rows rows;
  Status status = call.run(session, rows);
  if (!status.ok())
    puts(status.message.c_str());
  EXPECT(status.ok());
  return rows[0];
}

static void expectError(Session &session, const Call &call,
                        const char *sentence,
                        quipu_status code = QUIPU_ERROR_ARGUMENT) {
  std::vector<int32_t> before, pages;
  for (int32_t i = 0; i < session.sequences(); ++i)
    before.push_back(session.length(i));
  for (int32_t i = 0; i < quipu_program.poolCount; ++i)
    pages.push_back(session.usedPages(i));
  Rows rows;
  Status status = call.run(session, rows);
  if (status.code != code ||
      status.message.find(sentence) == std::string::npos) {
    printf("'%s' instead of '%s'\n", status.message.c_str(), sentence);
    EXPECT(false);
  }
  EXPECT(rows.empty());
  for (int32_t i = 0; i < session.sequences(); ++i)
    EXPECT(session.length(i) == before[i]);
  for (int32_t i = 0; i < quipu_program.poolCount; ++i)
    EXPECT(session.usedPages(i) == pages[i]);
}

/// The last row that each text gives alone.
static Row alone(const Ids &text, const char *name = "generate") {
  auto session = create({.context = 1000, .engine = {.threads = 1}});
  return get(*session, {.tokens = text,
                        .positions = {},
                        .sequences = {},
                        .selected = {static_cast<int32_t>(text.size()) - 1},
                        .entry = entry(name)})
      .back();
}

/// Sequences whose positions follow each other by chance are no query tile.
static void testStairs() {
  auto session =
      create({.context = 64, .sequences = 5, .engine = {.threads = 2}});
  Call last = {{}, {}, {}, {}};
  for (int32_t s = 0; s < 5; ++s) {
    Ids text = someIds(s + 2, s);
    last.tokens.push_back(text.back());
    last.sequences.push_back(s);
    last.selected.push_back(s);
    text.pop_back();
    get(*session, {text, {}, Ids(s + 1, s), {}});
  }
  std::vector<Row> rows = get(*session, last);
  for (int32_t s = 0; s < 5; ++s)
    EXPECT(rows[s] == alone(someIds(s + 2, s)));
}

/// Sequences in turn, token by token, in steps of any size.
static void testInTurn() {
  for (int32_t chunk : {1, 3, 16, 0}) {
    auto session = create({.context = 400,
                           .sequences = 3,
                           .chunk = chunk,
                           .engine = {.threads = 3}});
    Call call = {{}, {}, {}, {}};
    for (int32_t i = 0; i < 300; ++i)
      for (int32_t s = 0; s < 3; ++s) {
        call.tokens.push_back(someIds(i + 1, s)[i]);
        call.sequences.push_back(s);
      }
    call.selected = {30, 897, 898, 899};
    std::vector<Row> rows = get(*session, call);
    EXPECT(rows[0] == alone(someIds(11, 0)));
    for (int32_t s = 0; s < 3; ++s)
      EXPECT(rows[1 + s] == alone(someIds(300, s)));
  }
}

static void testRefusals() {
  auto session =
      create({.context = 40, .sequences = 2, .engine = {.threads = 1}});
  get(*session, {{1, 2, 3}, {}, {}, {}});
  expectError(*session, {{}, {}, {}, {}}, "at least one token");
  expectError(*session, {{259}, {}, {}, {}},
              "id must be from 0 to 258, not 259");
  expectError(*session, {{1, -1}, {}, {}, {}}, "token 1's id must be");
  expectError(*session, {{1, 1}, {}, {0, 2}, {}},
              "token 1's sequence must be from 0 to 1, not 2");
  expectError(*session, {{1}, {}, {-1}, {}}, "sequence must be");
  expectError(*session, {{1}, {4}, {}, {}},
              "token 0 is at position 4 of sequence 0, but 3 is next");
  expectError(*session, {{1}, {-1}, {}, {}}, "position -1");
  // Within a batch a sequence rises by one.
  expectError(*session, {{1, 1}, {0, 0}, {}, {}},
              "token 1 is at position 0 of sequence 0, but 1 is next");
  expectError(*session, {{1, 1}, {1, 0}, {}, {}}, "position 0");
  expectError(*session, {{1, 1}, {0, 2}, {}, {}}, "position 2");
  expectError(*session, {{1, 1, 1}, {0, 0, 2}, {0, 1, 0}, {}}, "token 2");
  expectError(*session, {{1, 1}, {}, {}, {0, 0}},
              "must rise and be less than the 2 tokens, but number 1 is 0");
  expectError(*session, {{1, 1}, {}, {}, {1, 0}}, "must rise");
  expectError(*session, {{1, 1}, {}, {}, {0, 2}}, "number 1 is 2");
  expectError(*session, {{1, 1}, {}, {}, {-1}}, "number 0 is -1");
  expectError(*session, {{1}, {}, {}, {}, 4}, "entry must be from 0 to 3");
  expectError(*session, {{1}, {}, {}, {}, -1}, "entry must be");
  expectError(*session, {Ids(38), {}, {}, {}},
              "the context of 40 positions is full", QUIPU_ERROR_CONTEXT_FULL);
  get(*session, {Ids(37), {}, {}, {}});
  EXPECT(session->length(0) == 40 && session->length(1) == 0);

  std::unique_ptr<Session> none;
  auto refuse = [&](SessionOptions options) {
    return Session::create(quipu_program, options, none).code;
  };
  EXPECT(refuse({.context = -1}) == QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.context = abi::maxContext + 1}) == QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.context = abi::maxContext, .sequences = 128}) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.engine = {.threads = Session::maxThreads + 1}}) ==
         QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.sequences = 0}) == QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.chunk = -1}) == QUIPU_ERROR_ARGUMENT);
  EXPECT(refuse({.cacheType = abi::CacheType::Q8_0}) == QUIPU_ERROR_ARGUMENT);
  abi::Program other = quipu_program;
  other.abiVersion = 3;
  EXPECT(Session::create(other, {}, none).code == QUIPU_ERROR_PROCESSOR);
  other = quipu_program;
  abi::Pool huge[] = {{int64_t(1) << 50, 0}, {int64_t(1) << 50, 0}};
  other.pools = huge;
  EXPECT(Session::create(other, {}, none).code == QUIPU_ERROR_MEMORY);
  EXPECT(!none);
}

static void testGoingBack() {
  auto session = create({.context = 400, .engine = {.threads = 2}});
  Ids text = someIds(310, 1);
  get(*session, {text, {}, {}, {}});
  // The last step of 16 tokens began at 304 and sees positions from 285 on: of
  // the window's pages only that from 256 on is there.
  EXPECT(session->usedPages(0) == 3 && session->usedPages(1) == 1);
  Ids from275(text.begin() + 275, text.end()), positions;
  for (int32_t i = 275; i < 310; ++i)
    positions.push_back(i);
  EXPECT(get(*session, {from275, positions, {}, {34}}).back() == alone(text));
  expectError(
      *session, {{1}, {274}, {}, {}},
      "token 0 goes back to position 274 of sequence 0, whose window is "
      "no longer cached; begin again at position 0");
  session->forget(0, 275);
  EXPECT(session->length(0) == 275);
  session->forget(0, 275);
  EXPECT(session->length(0) == 275);
  session->forget(0, 274);
  EXPECT(session->length(0) == 0 && session->usedPages(0) == 0 &&
         session->usedPages(1) == 0);
  EXPECT(get(*session, {text, {}, {}, {309}}).back() == alone(text));
  EXPECT(get(*session, {{7, 8}, {0, 1}, {}, {1}}).back() == alone({7, 8}));
  EXPECT(session->length(0) == 2 && session->usedPages(0) == 1);
}

/// Two texts with 200 tokens in common have these once.
static void testFork() {
  auto session =
      create({.context = 400, .sequences = 3, .engine = {.threads = 2}});
  Ids text = someIds(250, 1), other = text;
  std::copy_n(someIds(50, 2).begin(), 50, other.begin() + 200);
  get(*session, {Ids(text.begin(), text.begin() + 200), {}, {}, {}});
  session->fork(0, 2);
  session->fork(2, 2);
  EXPECT(session->length(2) == 200 && session->usedPages(0) == 2);
  Call both = {Ids(text.begin() + 200, text.end()), {}, Ids(50, 0), {49, 99}};
  both.tokens.insert(both.tokens.end(), other.begin() + 200, other.end());
  both.sequences.insert(both.sequences.end(), 50, 2);
  std::vector<Row> rows = get(*session, both);
  EXPECT(rows[0] == alone(text) && rows[1] == alone(other));
  EXPECT(session->usedPages(0) == 3);
  session->fork(1, 0); // an empty one
  EXPECT(session->length(0) == 0 && session->usedPages(0) == 2);
}

/// The mean over a text, in parts, in company and after forks.
static void testSums() {
  int32_t embed = entry("embed");
  auto session =
      create({.context = 300, .sequences = 3, .engine = {.threads = 2}});
  Ids text = someIds(40, 3), other = someIds(40, 4);
  std::copy_n(text.begin(), 25, other.begin());
  get(*session, {Ids(text.begin(), text.begin() + 25), {}, {}, {}, embed});
  session->forget(0, 25); // nothing: it goes on from there
  session->fork(0, 1);
  Call both = {
      Ids(text.begin() + 25, text.end()), {}, Ids(15, 0), {14, 29}, embed};
  both.tokens.insert(both.tokens.end(), other.begin() + 25, other.end());
  both.sequences.insert(both.sequences.end(), 15, 1);
  std::vector<Row> rows = get(*session, both);
  EXPECT(rows[0] == alone(text, "embed") && rows[1] == alone(other, "embed"));
  EXPECT(rows[0] != rows[1]);

  expectError(*session, {{1, 2}, {}, {}, {0}, embed},
              "token 0 is selected, but 'embed' gives rows for sequences, and "
              "the last token of sequence 0 is 1");
  const char *all =
      "but 'embed' reads all of a sequence; reset it, or begin at "
      "position 0";
  expectError(*session, {{1}, {39}, {}, {}, embed}, all);
  // What other entries read is in no sum, nor what was forgotten.
  get(*session, {{1}, {}, {}, {}});
  expectError(*session, {{1}, {}, {}, {}, embed}, all);
  session->fork(0, 2);
  expectError(*session, {{1}, {}, {2}, {}, embed}, all);
  session->forget(1, 30);
  expectError(*session, {{1}, {}, {1}, {}, embed}, all);
  // The cache is what another entry goes on from.
  other.resize(30);
  other.push_back(9);
  EXPECT(get(*session, {{9}, {}, {1}, {0}}).back() == alone(other));
  session->forget(0);
  EXPECT(get(*session, {text, {}, {}, {39}, embed}).back() ==
         alone(text, "embed"));
  EXPECT(get(*session, {{5, 6}, {0, 1}, {}, {1}, embed}).back() ==
         alone({5, 6}, "embed"));
}

static void testTokens() {
  auto session =
      create({.context = 300, .sequences = 2, .engine = {.threads = 2}});
  int32_t hidden = entry("hidden");
  Ids text = someIds(40, 5);
  std::vector<Row> rows = get(*session, {text, {}, {}, {}, hidden});
  EXPECT(rows.size() == 40);
  for (int32_t i : {0, 15, 16, 39})
    EXPECT(rows[i] == alone(Ids(text.begin(), text.begin() + i + 1), "hidden"));
}

/// Steps end where sequences do; nothing stays.
static void testWholeSequences() {
  int32_t label = entry("label");
  Ids sizes = {5, 9, 3, 16, 1, 12};
  for (int32_t chunk : {0, 1, 6}) {
    auto session = create({.context = 40,
                           .sequences = 6,
                           .chunk = chunk,
                           .engine = {.threads = 2}});
    Call all = {{}, {}, {}, {}, label};
    for (int32_t s = 0; s < 6; ++s) {
      Ids text = someIds(sizes[s], s);
      all.tokens.insert(all.tokens.end(), text.begin(), text.end());
      all.sequences.insert(all.sequences.end(), sizes[s], s);
      all.selected.push_back(static_cast<int32_t>(all.tokens.size()) - 1);
    }
    for (int32_t again = 0; again < 2; ++again) {
      Rows rows;
      EXPECT(all.run(*session, rows).ok());
      EXPECT(rows[0].size() == 46 && rows[1].size() == 6);
      for (int32_t s = 0; s < 6; ++s) {
        EXPECT(rows[0][all.selected[s]] ==
               alone(someIds(sizes[s], s), "label"));
        EXPECT(std::equal(rows[1][s].begin(), rows[1][s].end(),
                          rows[0][all.selected[s]].begin()));
        EXPECT(session->length(s) == 0);
      }
      // Each token sees all: the first one, too.
      EXPECT(rows[0][0] != alone({someIds(1, 0)}, "label"));
    }
    EXPECT(session->usedPages(0) == 0);
    expectError(*session, {Ids(17), {}, {}, {}, label},
                "sequence 0 has more than the 16 tokens that 'label' reads "
                "together");
    expectError(*session, {{1, 2, 3}, {}, {0, 1, 0}, {}, label},
                "token 2 comes back to sequence 0, but 'label' reads one "
                "sequence after the other");
    get(*session, {{1, 2}, {}, {}, {}});
    expectError(
        *session, {{1}, {}, {}, {}, label},
        "position 2 of sequence 0, but 'label' reads all of a sequence");
    EXPECT(get(*session, {{1}, {0}, {}, {}, label}).back() ==
           alone({1}, "label"));
  }
}

/// Only steps of 4, 8 and 16 tokens and the watcher decide where a batch is
/// cut.
static void testWatcher() {
  auto session = create({.context = 64, .engine = {.threads = 1}});
  Ids text = someIds(40, 6), done;
  Status status = session->step({.tokens = text.data(), .count = 40}, {},
                                [&](int32_t tokens) {
                                  done.push_back(tokens);
                                  return tokens < 32;
                                });
  EXPECT(status.ok() && done == Ids({16, 32}) && session->length(0) == 32);
  done.clear();
  Batch rest = {.tokens = text.data() + 32, .count = 8};
  EXPECT(session->check(rest).ok());
  status = session->run(rest, {}, [&](int32_t tokens) {
    done.push_back(tokens);
    return true;
  });
  EXPECT(status.ok() && done == Ids({8}) && session->length(0) == 40);
  // Whole sequences fill a step to its last token.
  Ids two(5, 0);
  two.resize(16, 1);
  auto labels =
      create({.context = 64, .sequences = 2, .engine = {.threads = 1}});
  done.clear();
  status = labels->step({.tokens = text.data(),
                         .count = 16,
                         .sequences = two.data(),
                         .entry = entry("label")},
                        {}, [&](int32_t tokens) {
                          done.push_back(tokens);
                          return true;
                        });
  EXPECT(status.ok() && done == Ids({16}));
  // What a reader reports ends the call.
  status =
      session->step({.tokens = text.data(), .count = 3, .selectedCount = 2},
                    [&](int32_t, int32_t row, const float *) {
                      return row == 1 ? argumentError("enough") : Status{};
                    });
  EXPECT(status.message == "enough");
}

/// The pages of all pools, shared ones once.
static void testCacheBytes() {
  auto session =
      create({.context = 400, .sequences = 2, .engine = {.threads = 1}});
  EXPECT(session->cacheBytes() == 0);
  get(*session, {someIds(200, 1), {}, {}, {199}});
  int64_t bytes = 0;
  for (int32_t i = 0; i < quipu_program.poolCount; ++i)
    bytes +=
        session->usedPages(i) *
        abi::getPageBytes(abi::CacheType::F16, quipu_program.pools[i].numbers);
  EXPECT(session->cacheBytes() == bytes);
  session->fork(0, 1);
  EXPECT(session->cacheBytes() == bytes);
}

/// What continues a text has logits of the selected tokens, each seeing only
/// those before it.
static void testEntries() {
  EXPECT(findEntry(quipu_program, "hidden") == 2);
  EXPECT(findEntry(quipu_program, "") == -1);
  abi::Entry generate = quipu_program.entries[0];
  EXPECT(getLogits(generate) == generate.outputs);
  EXPECT(!getLogits(quipu_program.entries[1]));
  abi::Entry whole = generate;
  whole.wholeSequences = 1;
  EXPECT(!getLogits(whole));
  abi::Tensor ofTokens = generate.outputs[0];
  ofTokens.domain = abi::Domain::Token;
  generate.outputs = &ofTokens;
  EXPECT(!getLogits(generate));
}

int main() {
  testEntries();
  testStairs();
  testInTurn();
  testRefusals();
  testGoingBack();
  testFork();
  testCacheBytes();
  testSums();
  testTokens();
  testWholeSequences();
  testWatcher();
  puts("ok");
}
