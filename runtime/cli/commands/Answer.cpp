//===- Answer.cpp - Answers that stand in a text --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An answer is a span of the context: its score is the probability of its first
// token times that of its last one. A long context is read in windows that
// overlap; probabilities are those of a window, as in transformers' pipeline,
// and the best spans of all count. That there is no answer scores as the span
// of the first token does, in the window where that is least.
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "runtime/cli/Labels.h"
#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/TextBatch.h"
#include "runtime/text/Alignment.h"
#include "runtime/text/Tokenizer.h"
#include "support/InputText.h"
#include <algorithm>
#include <climits>
#include <cmath>
#include <tuple>

using namespace quipu;

namespace {
struct Answer {
  int32_t first, last; // tokens of the context; -1: there is none
  float score;         // ln of a probability, then that
  std::string text = {};
};

/// A part of an item's sequence, with the question.
struct Window {
  size_t item;
  std::vector<int32_t> ids = {}, types = {};
  int32_t begin = 0; // where the context's tokens stand in it
  int32_t from = 0;  // which of the context's is the first
  int32_t count = 0; // of them
};

class AnswerCommand : public ItemCommand {
public:
  AnswerCommand() {
    items.textKey = "question";
    items.pairKey = "context";
    cuts = false;
  }
  CommandHelp help(const CommandCall &call) const override;

protected:
  void addOwnOptions(const CommandCall &call,
                     std::vector<Option> &options) override;
  std::string prepare(const CommandCall &call) override;
  std::string csvHeader(const CommandCall & /*call*/) const override {
    return "item,first,last,score,answer";
  }
  std::string encode(const CommandCall &call, TextItem &item) const override;
  std::string fit(const CommandCall &call, int32_t longest,
                  TextItem &item) const override;
  std::string runGroup(const CommandCall &call, Session *session,
                       std::span<const TextItem> items,
                       std::string &out) override;

private:
  struct Context {
    std::string text = {};
    std::vector<int32_t> ids = {};
    std::vector<ByteSpan> spans = {}; // of the ids; empty: not known
  };
  /// The logarithms of the probabilities that an answer begins, or ends, with
  /// each of a window's tokens of the context.
  struct Scores {
    int32_t from;
    std::vector<float> starts = {}, ends = {};
  };
  struct Found {
    std::vector<Scores> windows = {};
    float none = INFINITY;
  };

  std::vector<int32_t> encodePlain(const CommandCall &call,
                                   std::string_view text) const {
    return call.tokenizer->encode(
        text, {.addSpecial = false, .parseSpecial = items.special()});
  }
  /// The tokens that are read together, at most.
  int32_t getWindow(int32_t longest) const {
    return static_cast<int32_t>(
        std::min<int64_t>(window.value_or(384), longest));
  }
  std::string divide(const CommandCall &call, int32_t longest, size_t index,
                     const TextItem &item, std::vector<Window> &windows);
  static void addScores(const Window &window, const ItemRows &rows,
                        Found &found);
  std::optional<Answer> findBest(const Scores &scores, int32_t first,
                                 std::span<const Answer> taken) const;
  std::vector<Answer> choose(const Found &found) const;
  static void addText(const TextItem &item, const Context &context,
                      const Tokenizer *tokenizer, Answer &answer);
  void print(const TextItem &item, std::span<const Answer> answers,
             std::string &out) const;

  std::optional<std::string> contextFile;
  std::string context;
  std::optional<int64_t> top, window, stride, longestAnswer;
  bool mayBeNone = false;
  float threshold = 0;
  Context read;                  // the last one
  std::vector<Context> contexts; // of the group's items
};
} // namespace

std::unique_ptr<Command> quipu::makeAnswer() {
  return std::make_unique<AnswerCommand>();
}

void AnswerCommand::addOwnOptions(const CommandCall & /*call*/,
                                  std::vector<Option> &options) {
  const char *output = "What comes out", *how = "How contexts are read";
  options.insert(
      options.end(),
      {{"What goes in", 0, "context", "FILE", Text{&contextFile},
        "The text that the answers are in."},
       {output, 0, "top", "N", Integer{&top, 1, 1000},
        "Print the N best answers of each question (default: 1)."},
       {output, 0, "none", "", Switch{&mayBeNone},
        "Let the model say that there is no answer, as models trained with "
        "SQuAD 2 can."},
       {output, 0, "threshold", "X", Real{&threshold, -1000, 1000},
        "With --none: say so only where that scores more than the best answer "
        "and X (default: 0)."},
       {output, 0, "longest", "N", Integer{&longestAnswer, 1, INT_MAX},
        "Answers have at most N tokens (default: 30)."},
       {how, 0, "window", "N", Integer{&window, 8, abi::maxContext},
        "Read question and at most so much of the context together that they "
        "have N tokens (default: 384, or as many as the model reads)."},
       {how, 0, "stride", "N", Integer{&stride, 1, abi::maxContext},
        "Let neighbouring parts of a long context have N tokens in common "
        "(default: 128)."}});
}

CommandHelp AnswerCommand::help(const CommandCall & /*call*/) const {
  return {
      .needs = "--context FILE",
      .words = "\"question\"",
      .text =
          "Prints the part of the context that answers the question, after its "
          "score, a probability.",
      .examples = {"--context story.txt \"Who feeds the cat?\"",
                   "--context story.txt --top 3 --none < questions.txt",
                   "--format json --jsonl < questions-and-contexts.jsonl"}};
}

std::string AnswerCommand::prepare(const CommandCall & /*call*/) {
  if (threshold != 0 && !mayBeNone)
    return "'--threshold' needs '--none'";
  return contextFile ? readTextFile(*contextFile, context) : "";
}

std::string AnswerCommand::encode(const CommandCall &call,
                                  TextItem &item) const {
  if (item.givenAsTokens)
    return "";
  if (!item.pair && !contextFile)
    return "there is no context; give it with '--context FILE'";
  if (!item.pair)
    item.pair = context;
  if (item.pair->find_first_not_of(" \t\r\n") == std::string::npos)
    return "the context is empty";
  item.ids = encodePlain(call, item.text);
  return "";
}

std::string AnswerCommand::fit(const CommandCall &call, int32_t longest,
                               TextItem &item) const {
  if (item.givenAsTokens || item.ids.empty())
    return ItemCommand::fit(call, longest, item);
  int64_t most = getWindow(longest);
  auto count = static_cast<int64_t>(item.ids.size());
  return count > most / 2 ? "the question has " + std::to_string(count) +
                                " tokens, more than half of the " +
                                std::to_string(most) + " that are read together"
                          : "";
}

std::string AnswerCommand::divide(const CommandCall &call, int32_t longest,
                                  size_t index, const TextItem &item,
                                  std::vector<Window> &windows) {
  Window part{index};
  if (item.givenAsTokens) {
    part.ids = item.ids;
    part.types = item.types;
    auto second = std::find(part.types.begin(), part.types.end(), 1);
    if (second != part.types.end())
      part.begin = static_cast<int32_t>(second - part.types.begin());
    part.count = static_cast<int32_t>(part.ids.size()) - part.begin;
    windows.push_back(std::move(part));
    return "";
  }
  if (const std::string all = item.pair.value_or("");
      read.ids.empty() || read.text != all) {
    read.text = all;
    read.ids = encodePlain(call, read.text);
    read.spans = alignTokens(*call.tokenizer, read.text, read.ids);
  }
  contexts[index] = read;
  std::span<const int32_t> all = contexts[index].ids;
  size_t at = 0;
  std::string error =
      call.tokenizer->joinPair(item.ids, {}, part.ids, part.types, at);
  if (all.empty() && error.empty())
    error = "the context is empty";
  if (!error.empty())
    return error;
  auto count = static_cast<int32_t>(all.size());
  int32_t room =
      std::max(1, getWindow(longest) - static_cast<int32_t>(part.ids.size()));
  auto common =
      static_cast<int32_t>(std::min<int64_t>(stride.value_or(128), room - 1));
  for (int32_t from = 0; from == 0 || from + common < count;
       from += room - common) {
    Window next{index};
    next.from = from;
    next.count = std::min(room, count - from);
    error = call.tokenizer->joinPair(item.ids, all.subspan(from, next.count),
                                     next.ids, next.types, at);
    next.begin = static_cast<int32_t>(at);
    windows.push_back(std::move(next));
  }
  return error;
}

void AnswerCommand::addScores(const Window &window, const ItemRows &rows,
                              Found &found) {
  // The first token stands for no answer, where it is none of the context.
  std::vector<float> starts, ends;
  int32_t before = window.begin > 0 ? 1 : 0;
  for (int32_t i = -before; i < window.count; ++i) {
    std::span<const float> row = rows.row(i < 0 ? 0 : window.begin + i);
    starts.push_back(row[0]);
    ends.push_back(row[1]);
  }
  for (std::vector<float> *numbers : {&starts, &ends}) {
    auto sum = static_cast<float>(getLogSum(*numbers));
    for (float &number : *numbers)
      number -= sum;
  }
  found.none = std::min(found.none, starts.front() + ends.front());
  found.windows.push_back({window.from,
                           {starts.begin() + before, starts.end()},
                           {ends.begin() + before, ends.end()}});
}

/// The best answer that begins with token `first` of a window and has none in
/// common with those that are taken.
std::optional<Answer>
AnswerCommand::findBest(const Scores &scores, int32_t first,
                        std::span<const Answer> taken) const {
  int64_t end = std::min<int64_t>(first + longestAnswer.value_or(30),
                                  int64_t(scores.ends.size()));
  int32_t begin = scores.from + first;
  for (const Answer &other : taken) {
    if (other.first <= begin && begin <= other.last)
      return std::nullopt;
    if (other.first > begin)
      end = std::min<int64_t>(end, other.first - scores.from);
  }
  auto ends = std::span(scores.ends).subspan(first, end - first);
  auto best = std::max_element(ends.begin(), ends.end());
  return Answer{begin, begin + static_cast<int32_t>(best - ends.begin()),
                scores.starts[first] + *best};
}

/// The best ones that have no token in common, or that there is none.
std::vector<Answer> AnswerCommand::choose(const Found &found) const {
  struct Candidate {
    Answer answer;
    const Scores *window;
  };
  auto isWorse = [](const Candidate &a, const Candidate &b) {
    return std::tie(a.answer.score, b.answer.first) <
           std::tie(b.answer.score, a.answer.first);
  };
  std::vector<Candidate> candidates; // a heap
  for (const Scores &window : found.windows)
    for (size_t i = 0; i < window.starts.size(); ++i)
      if (std::optional<Answer> best =
              findBest(window, static_cast<int32_t>(i), {}))
        candidates.push_back({*best, &window});
  std::make_heap(candidates.begin(), candidates.end(), isWorse);

  std::vector<Answer> chosen;
  auto most = static_cast<size_t>(top.value_or(1));
  if (mayBeNone && found.none > candidates.front().answer.score + threshold)
    chosen.push_back({-1, -1, found.none});
  while (chosen.size() < most && !candidates.empty()) {
    std::pop_heap(candidates.begin(), candidates.end(), isWorse);
    auto [answer, window] = candidates.back();
    candidates.pop_back();
    std::optional<Answer> apart =
        findBest(*window, answer.first - window->from, chosen);
    if (apart && apart->last == answer.last) {
      chosen.push_back(answer);
    } else if (apart) {
      candidates.push_back({*apart, window});
      std::push_heap(candidates.begin(), candidates.end(), isWorse);
    }
  }
  return chosen;
}

void AnswerCommand::addText(const TextItem &item, const Context &context,
                            const Tokenizer *tokenizer, Answer &answer) {
  if (answer.first < 0)
    return;
  size_t first = answer.first, last = answer.last;
  if (item.givenAsTokens)
    for (size_t i = first; i <= last; ++i)
      answer.text += (i > first ? " " : "") + std::to_string(item.ids[i]);
  else if (context.spans.empty())
    answer.text = tokenizer->decode(
        std::span(context.ids).subspan(first, last - first + 1));
  else
    answer.text = context.text.substr(context.spans[first].begin,
                                      context.spans[last].end -
                                          context.spans[first].begin);
  answer.text.erase(0, answer.text.find_first_not_of(' '));
}

std::string AnswerCommand::runGroup(const CommandCall &call, Session *session,
                                    std::span<const TextItem> items,
                                    std::string &out) {
  contexts.assign(items.size(), {});
  std::vector<Window> windows;
  for (size_t i = 0; i < items.size(); ++i)
    if (std::string error = divide(call, session->longestText(call.entry), i,
                                   items[i], windows);
        !error.empty())
      return error;
  std::vector<Found> found(items.size());
  int32_t spans = findOutput(call.program.entries[call.entry], "span");
  for (size_t next = 0; next < windows.size();) {
    TextBatch batch(*session, call.entry);
    size_t begin = next;
    while (next < windows.size() && batch.texts() < textsTogether &&
           batch.tokens() < maxTokens) {
      batch.add(windows[next].ids, windows[next].types);
      ++next;
    }
    std::vector<ItemRows> rows(next - begin, ItemRows{2});
    Status status = batch.run(
        [&](int32_t text, int32_t output, int32_t, const float *numbers) {
          if (output == spans)
            rows[text].numbers.insert(rows[text].numbers.end(), numbers,
                                      numbers + 2);
          return Status();
        });
    if (!status.ok())
      return status.message;
    for (size_t i = begin; i < next; ++i)
      addScores(windows[i], rows[i - begin], found[windows[i].item]);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<Answer> answers = choose(found[i]);
    for (Answer &answer : answers) {
      answer.score = std::exp(answer.score);
      addText(items[i], contexts[i], call.tokenizer, answer);
    }
    print(items[i], answers, out);
  }
  return "";
}

void AnswerCommand::print(const TextItem &item, std::span<const Answer> answers,
                          std::string &out) const {
  printList(format(), item, "answers", answers, out, [&](const Answer &answer) {
    std::string first = std::to_string(answer.first),
                last = std::to_string(answer.last);
    if (format() == Format::Csv)
      out += first + "," + last + "," + printNumber(answer.score) + "," +
             printCell(answer.text) + "\n";
    else if (format() == Format::Json)
      out += "{\"answer\": " +
             (answer.first < 0 ? "null" : printJson(answer.text)) +
             ", \"score\": " + printNumber(answer.score) +
             ", \"first\": " + first + ", \"last\": " + last + "}";
    else
      out += printScore(answer.score) + "\t" +
             (answer.first < 0 ? "(no answer)" : printLine(answer.text)) + "\n";
  });
}
