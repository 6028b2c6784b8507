//===- ItemCommand.h - A command that works on texts one by one -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_COMMANDS_ITEMCOMMAND_H
#define QUIPU_RUNTIME_CLI_COMMANDS_ITEMCOMMAND_H

#include "runtime/cli/Report.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/TextItems.h"
#include "runtime/cli/commands/Command.h"

namespace quipu {

/// The numbers that an output has for a text.
struct ItemRows {
  int32_t width = 0;
  std::vector<float> numbers = {}; // [rows][width]

  int32_t count() const {
    return width ? static_cast<int32_t>(numbers.size()) / width : 0;
  }
  std::span<const float> row(int32_t i) const {
    return {numbers.data() + int64_t(i) * width, static_cast<size_t>(width)};
  }
};

/// Takes texts from the command line, from lines or JSON lines, runs many of
/// them in one step, and prints their results in the order in which they came.
/// A line that is wrong is told by its number, and the others go on.
class ItemCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  int run(const CommandCall &call) override;

protected:
  /// How many texts are read together, and how many tokens they have at most:
  /// more do not make it faster.
  int32_t textsTogether = 64;
  static constexpr int32_t maxTokens = 2048;

  /// The command's own options, behind those about texts.
  virtual void addOwnOptions(const CommandCall & /*call*/,
                             std::vector<Option> & /*options*/) {}
  /// Called once before the first text; returns a sentence about what options
  /// are wrong, or nothing.
  virtual std::string prepare(const CommandCall & /*call*/) { return ""; }
  /// What stands before the first row of a CSV table, in its first line.
  virtual std::string csvHeader(const CommandCall &call) const = 0;
  /// Sets what a model reads of a text. Returns a sentence, or nothing.
  virtual std::string encode(const CommandCall &call, TextItem &item) const;
  /// Cuts a text that is longer than the entry reads, with --truncate, or
  /// returns a sentence that says so.
  virtual std::string fit(const CommandCall &call, int32_t longest,
                          TextItem &item) const;
  /// Runs the texts and prints to `out`. Returns a sentence about what failed.
  /// `session` is null where the call has no entry.
  virtual std::string runGroup(const CommandCall &call, Session *session,
                               std::span<const TextItem> items,
                               std::string &out);
  /// Appends what is printed of a text whose `output` has these rows.
  virtual void printRows(const CommandCall & /*call*/,
                         const TextItem & /*item*/, const ItemRows & /*rows*/,
                         std::string & /*out*/) {}
  /// The number of the output that `printRows` is given, of the call's entry.
  virtual int32_t output(const CommandCall & /*call*/) const { return 0; }
  /// Called after the last text, and may print; returns a sentence about what
  /// failed.
  virtual std::string finish(const CommandCall & /*call*/,
                             std::string & /*out*/) {
    return "";
  }
  /// Slots of the session.
  virtual int32_t sequences(const CommandCall & /*call*/) const {
    return textsTogether;
  }

  Format format() const { return static_cast<Format>(formatIndex); }

  ItemOptions items;
  RunOptions runs;
  bool cuts = true; // whether there is --truncate

private:
  struct Counts;
  void chooseTexts(const abi::Program &program);
  void readGroup(const CommandCall &call, Session *session, ItemSource &source,
                 std::vector<TextItem> &group, Counts &counts) const;

  int32_t formatIndex = 0;
  bool truncate = false;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_COMMANDS_ITEMCOMMAND_H
