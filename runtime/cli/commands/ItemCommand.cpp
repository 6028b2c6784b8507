//===- ItemCommand.cpp - A command that works on texts one by one ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/commands/ItemCommand.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Progress.h"
#include "runtime/cli/TextNotes.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/TextBatch.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <climits>

using namespace quipu;

/// What a run has seen so far.
struct ItemCommand::Counts {
  int64_t texts = 0, tokens = 0, wrong = 0;
};

void ItemCommand::addOptions(const CommandCall &call,
                             std::vector<Option> &options) {
  items.addTo(options);
  if (cuts)
    options.push_back({"What goes in", 0, "truncate", "", Switch{&truncate},
                       "Take the beginning of a text that is longer than the "
                       "model reads, instead of refusing it."});
  addOwnOptions(call, options);
  options.push_back({"What comes out", 0, "format", "FORMAT",
                     Choice{&formatIndex, {"text", "json", "csv"}},
                     "Print text, a JSON object in each line, or a table of "
                     "comma-separated values (default: text)."});
  if (call.entry >= 0)
    runs.addTo(options, call.program);
}

std::string ItemCommand::encode(const CommandCall &call, TextItem &item) const {
  if (item.givenAsTokens)
    return "";
  EncodeOptions how = {.addSpecial = true, .parseSpecial = items.special()};
  if (item.pair)
    return call.tokenizer->encodePair(item.text, *item.pair, how, item.ids,
                                      item.types);
  item.ids = call.tokenizer->encode(item.text, how);
  return "";
}

std::string ItemCommand::fit(const CommandCall &call, int32_t longest,
                             TextItem &item) const {
  if (item.ids.empty())
    return "the text is empty; the model needs at least one token";
  auto count = static_cast<int64_t>(item.ids.size());
  if (count <= longest)
    return "";
  if (!truncate)
    return "the text has " + std::to_string(count) + " tokens, more than the " +
           std::to_string(longest) +
           " that are read together; --truncate takes its beginning";
  // What stands behind a text stays there.
  int64_t behind = item.givenAsTokens || !call.tokenizer
                       ? 0
                       : static_cast<int64_t>(call.tokenizer->suffixLength());
  behind = std::min<int64_t>(behind, longest - 1);
  auto cut = [&](std::vector<int32_t> &numbers) {
    numbers.erase(numbers.begin() + longest - behind, numbers.end() - behind);
  };
  bool cutsFirst = !item.types.empty() &&
                   item.types[longest - behind] == item.types[0] &&
                   item.types.back() != item.types[0];
  if (cutsFirst)
    return "the first of the two texts alone is longer than the " +
           std::to_string(longest) + " tokens that are read together";
  cut(item.ids);
  if (!item.types.empty())
    cut(item.types);
  return "";
}

void ItemCommand::readGroup(const CommandCall &call, Session *session,
                            ItemSource &source, std::vector<TextItem> &group,
                            Counts &counts) const {
  int32_t longest = session ? session->longestText(call.entry) : INT32_MAX;
  size_t tokens = 0;
  group.clear();
  while (group.size() < size_t(textsTogether) && tokens < maxTokens &&
         !interrupted()) {
    // What is there is answered before more is waited for.
    if (!group.empty() && !source.isReady())
      break;
    TextItem item;
    std::string error;
    if (!source.next(item, error))
      break;
    if (error.empty())
      error = encode(call, item);
    if (call.tokenizer) {
      noteLineEnds(item.text);
      noteBeginning(*call.tokenizer, item.text, items.special());
    }
    if (error.empty() && session)
      error = fit(call, longest, item);
    if (!error.empty()) {
      ++counts.wrong;
      std::string where =
          source.hasLines() ? "line " + std::to_string(item.number) + ": " : "";
      if (!item.text.empty() && !item.fileName.empty())
        where = item.fileName + ": ";
      fail(where + error);
      continue;
    }
    tokens += item.ids.size();
    group.push_back(std::move(item));
  }
  counts.texts += static_cast<int64_t>(group.size());
  counts.tokens += static_cast<int64_t>(tokens);
}

std::string ItemCommand::runGroup(const CommandCall &call, Session *session,
                                  std::span<const TextItem> items,
                                  std::string &out) {
  int32_t wanted = output(call);
  int32_t width = call.program.entries[call.entry].outputs[wanted].width;
  std::vector<ItemRows> rows(items.size(), ItemRows{width});
  TextBatch batch(*session, call.entry);
  for (const TextItem &item : items)
    batch.add(item.ids, item.types);
  Status status = batch.run(
      [&](int32_t text, int32_t output, int32_t, const float *numbers) {
        if (output == wanted)
          rows[text].numbers.insert(rows[text].numbers.end(), numbers,
                                    numbers + width);
        return Status();
      });
  for (size_t i = 0; status.ok() && i < items.size(); ++i)
    printRows(call, items[i], rows[i], out);
  return status.message;
}

/// A GPU has memory for all that its slots may hold.
void ItemCommand::chooseTexts(const abi::Program &program) {
  if (!program.createEngine)
    return;
  constexpr int32_t positions = 1 << 16; // of all
  int32_t context = runs.session().context;
  textsTogether =
      std::clamp(positions / std::max(context ? context : program.context, 1),
                 1, textsTogether);
}

int ItemCommand::run(const CommandCall &call) {
  bool runsModel = call.entry >= 0;
  const abi::Entry *entry =
      runsModel ? &call.program.entries[call.entry] : nullptr;
  ItemSource source(items, call.tokenizer,
                    entry ? getTokenLimit(*entry) : INT_MAX,
                    entry ? getTypeLimit(*entry) : INT_MAX);
  chooseTexts(call.program);
  std::string error = prepare(call);
  if (error.empty())
    error = source.open(call.words);
  std::unique_ptr<Session> session;
  if (error.empty() && runsModel)
    error = runs.start(call.program, sequences(call), session);
  if (!error.empty())
    return fail(error);

  catchInterrupts();
  Progress progress("reading texts");
  Counts counts;
  double start = now();
  std::string out = format() == Format::Csv ? csvHeader(call) + "\n" : "";
  std::vector<TextItem> group;
  int writeError = 0;
  while (!interrupted() && !writeError) {
    progress.clear();
    readGroup(call, session.get(), source, group, counts);
    if (group.empty())
      break;
    if (error = runGroup(call, session.get(), group, out); !error.empty())
      return fail(error);
    writeError = print(out);
    out.clear();
    if (source.total())
      progress.update(source.done(), source.total());
  }
  progress.clear();
  if (error = finish(call, out); !error.empty())
    return fail(error);
  if (!writeError)
    writeError = print(out);
  if (runs.verbose())
    fprintf(stderr, "%s: %lld texts, %lld tokens %s, %s\n", programName.c_str(),
            static_cast<long long>(counts.texts),
            static_cast<long long>(counts.tokens),
            tokenRate(counts.tokens, now() - start).c_str(),
            session ? session->engine().describe().c_str() : "");
  if (interrupted())
    return 130;
  return counts.wrong ? 1 : outputStatus(writeError);
}
