//===- TextItems.h - Texts that a command works on one by one ---*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_TEXTITEMS_H
#define QUIPU_RUNTIME_CLI_TEXTITEMS_H

#include "support/CommandLine.h"
#include "support/InputText.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

class Tokenizer;

/// A text, or two that belong together.
struct TextItem {
  int64_t number = 0;  // of its line, from 1
  std::string id = {}; // as JSON, or empty
  std::string text = {}, fileName = {};
  std::optional<std::string> pair = {};
  /// What a model reads, and which of the two texts each token is of; empty
  /// `types` stand for zeros.
  std::vector<int32_t> ids = {}, types = {};
  bool givenAsTokens = false;
};

/// How a command's texts come in: the options of all that work on many.
class ItemOptions {
public:
  /// What JSON objects call the two texts of an item.
  const char *textKey = "text", *pairKey = "pair";
  bool takesTokens = true, takesSpecial = true;
  bool takesFiles = false; // words name files, each of which is a text

  void addTo(std::vector<Option> &options);
  bool special() const { return isSpecial; }

private:
  friend class ItemSource;
  std::optional<std::string> tokens;
  bool jsonl = false, isSpecial = false;
};

/// Gives the texts of a call: its argument's, or those of standard input, a
/// line each.
class ItemSource {
public:
  /// `tokenizer` may be null if texts come as ids. These and types are below
  /// the limits.
  ItemSource(const ItemOptions &options, const Tokenizer *tokenizer,
             int32_t tokenLimit, int32_t typeLimit)
      : options(options), tokenizer(tokenizer), tokenLimit(tokenLimit),
        typeLimit(typeLimit) {}

  /// `words` are a call's. Returns a sentence about what failed, or nothing.
  std::string open(const std::vector<std::string> &words);

  /// Sets the next item; false at the end. With an `error`, a sentence, the
  /// item has only its number.
  bool next(TextItem &item, std::string &error);
  /// Whether each item is a line.
  bool hasLines() const { return !only && files.empty(); }
  /// Whether the next one is there without waiting.
  bool isReady() const;

  /// Of how much of the input, for a progress bar; total 0: not known.
  uint64_t done() const {
    return files.empty() ? lines.bytesRead() : filesDone;
  }
  uint64_t total() const { return inTotal; }

private:
  std::string parse(std::string_view line, TextItem &item) const;
  std::string parseObject(std::string_view line, TextItem &item) const;

  const ItemOptions &options;
  const Tokenizer *tokenizer;
  int32_t tokenLimit, typeLimit;
  std::optional<TextItem> only; // the argument
  std::vector<std::string> files;
  InputLines lines;
  bool hasFailed = false; // to read these
  int64_t number = 0;
  uint64_t filesDone = 0;
  uint64_t inTotal = 0; // bytes of lines, or files
};

/// Token ids, separated by blanks or commas. Returns a sentence about the first
/// that is none, or nothing.
std::string readIds(std::string_view text, int32_t limit,
                    std::vector<int32_t> &ids);

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_TEXTITEMS_H
