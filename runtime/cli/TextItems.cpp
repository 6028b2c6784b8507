//===- TextItems.cpp - Texts that a command works on one by one -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/TextItems.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Report.h"
#include "support/jinja/Json.h"
#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

std::string quipu::readIds(std::string_view text, int32_t limit,
                           std::vector<int32_t> &ids) {
  constexpr std::string_view blanks = " \t\r\n,";
  for (;;) {
    size_t start = text.find_first_not_of(blanks);
    if (start == text.npos)
      return "";
    text.remove_prefix(start);
    std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    int32_t id;
    const char *end = word.data() + word.size();
    auto [stop, error] = std::from_chars(word.data(), end, id);
    if (error != std::errc() || stop != end || id < 0 || id >= limit)
      return "'--tokens' takes ids from 0 to " + std::to_string(limit - 1) +
             ", not '" + std::string(word) + "'";
    ids.push_back(id);
  }
}

void ItemOptions::addTo(std::vector<Option> &options) {
  const char *input = "What goes in";
  if (takesTokens)
    options.push_back({input, 0, "tokens", "\"ID ...\"", Text{&tokens},
                       "Take token ids instead of a text; -: those of a text "
                       "in each line of standard input. No tokenizer is "
                       "used."});
  options.push_back(
      {input, 0, "jsonl", "", Switch{&jsonl},
       std::string("Take a JSON object in each line of standard input: \"") +
           textKey + "\"" +
           (pairKey ? std::string(" and perhaps \"") + pairKey + "\"" : "") +
           (takesTokens ? ", or \"tokens\", a list of ids, and perhaps "
                          "\"types\""
                        : "") +
           ". Its \"id\" is kept."});
  if (takesSpecial)
    options.push_back(
        {input, 0, "special", "", Switch{&isSpecial},
         "Take control tokens that are written out in a text, as "
         "<|im_start|>, as such, and not as text. For texts that you wrote."});
}

std::string ItemSource::open(const std::vector<std::string> &words) {
  if (options.jsonl && options.tokens)
    return "'--jsonl' and '--tokens' exclude each other";
  if (!words.empty() && (options.jsonl || options.tokens))
    return std::string("'") + (options.jsonl ? "--jsonl" : "--tokens") +
           "' and a text exclude each other";
  if (options.takesFiles && !words.empty() && words[0] != "-") {
    files = words;
    inTotal = words.size();
    return "";
  }
  if (words.size() > 1)
    return "unexpected '" + words[1] +
           "' after the text; put a text of several words into quotes, and "
           "several texts into lines of standard input";
  if (!tokenizer && !options.tokens && !options.jsonl)
    return "this program has no tokenizer; give it ids with '--tokens'";
  if (!words.empty() && words[0] != "-") {
    only = TextItem{.number = 1, .text = words[0]};
    return "";
  }
  if (options.tokens && options.tokens != "-") {
    only = TextItem{.number = 1, .givenAsTokens = true};
    return readIds(*options.tokens, tokenLimit, only->ids);
  }
  if (isatty(STDIN_FILENO))
    return "there is no text; put it into quotes behind the command, or texts "
           "on standard input, a line each, see --help";
  struct stat status;
  if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
    inTotal = status.st_size;
  return "";
}

bool ItemSource::isReady() const { return only || lines.isReady(); }

static std::string readList(const jinja::Value &value, const char *key,
                            int32_t limit, std::vector<int32_t> &to) {
  std::string wrong = std::string("\"") + key +
                      "\" must be a list of whole numbers from 0 to " +
                      std::to_string(limit - 1);
  if (value.kind != jinja::Kind::Sequence)
    return wrong;
  for (const jinja::Value &one : value.sequence->items) {
    if (one.kind != jinja::Kind::Integer || one.integer < 0 ||
        one.integer >= limit)
      return wrong;
    to.push_back(static_cast<int32_t>(one.integer));
  }
  return "";
}

/// Sets `to`, if the object has the key.
static std::string readText(const jinja::Mapping &object, const char *key,
                            std::optional<std::string> &to) {
  const jinja::Value *value = object.find(key);
  if (!value)
    return "";
  if (!value->isText())
    return std::string("\"") + key + "\" must be a text";
  to = value->text->bytes;
  return "";
}

static std::string readId(const jinja::Value &value, std::string &to) {
  if (value.kind == jinja::Kind::Integer) {
    to = std::to_string(value.integer);
    return "";
  }
  if (!value.isText())
    return "\"id\" must be a text or a whole number";
  jinja::Text text;
  jinja::writeJsonText(text, *value.text, /*isAscii=*/false);
  to = text.bytes;
  return "";
}

std::string ItemSource::parseObject(std::string_view line,
                                    TextItem &item) const {
  jinja::Heap heap;
  jinja::Value value;
  std::string_view reason;
  std::string error = jinja::readJson(line, heap, value);
  if (reason = error; !reason.empty()) {
    constexpr std::string_view first = "line 1: "; // the only one
    reason.remove_prefix(reason.starts_with(first) ? first.size() : 0);
    return "not JSON: " + std::string(reason);
  }
  if (value.kind != jinja::Kind::Mapping)
    return "a line must be a JSON object";
  const jinja::Mapping &object = *value.mapping;
  if (const jinja::Value *id = object.find("id"))
    error = readId(*id, item.id);
  if (const jinja::Value *tokens = object.find("tokens");
      tokens && options.takesTokens && error.empty()) {
    item.givenAsTokens = true;
    error = readList(*tokens, "tokens", tokenLimit, item.ids);
    const jinja::Value *types = object.find("types");
    if (types && error.empty())
      error = readList(*types, "types", typeLimit, item.types);
    if (types && error.empty() && item.types.size() != item.ids.size())
      error = "\"types\" must have as many numbers as \"tokens\"";
    return error;
  }
  std::optional<std::string> text;
  if (error.empty())
    error = readText(object, options.textKey, text);
  if (error.empty() && options.pairKey)
    error = readText(object, options.pairKey, item.pair);
  if (error.empty() && !text)
    error = std::string("there is no \"") + options.textKey + "\"";
  if (error.empty() && !tokenizer)
    error = "this program has no tokenizer; give it \"tokens\"";
  item.text = text.value_or("");
  return error;
}

std::string ItemSource::parse(std::string_view line, TextItem &item) const {
  if (options.jsonl) {
    if (item.number == 1 && line.starts_with(byteOrderMark))
      line.remove_prefix(byteOrderMark.size());
    return parseObject(line, item);
  }
  if (options.tokens) {
    item.givenAsTokens = true;
    return readIds(line, tokenLimit, item.ids);
  }
  item.text = line;
  return "";
}

bool ItemSource::next(TextItem &item, std::string &error) {
  item = TextItem();
  error.clear();
  if (only) {
    item = *only;
    return number++ == 0;
  }
  if (!files.empty()) {
    if (filesDone == files.size())
      return false;
    const std::string &file = files[filesDone++];
    item.number = static_cast<int64_t>(filesDone);
    item.fileName = file;
    item.id = printJson(file);
    error = readTextFile(file, item.text);
    return true;
  }
  std::string line;
  item.number = ++number;
  if (!lines.read(line)) {
    // Once, as an item that is broken.
    if (!hasFailed)
      error = lines.error();
    hasFailed = true;
    return !error.empty();
  }
  if (line.ends_with('\r'))
    line.pop_back();
  error = parse(line, item);
  return true;
}
