//===- CommandLine.h - A program's options and its help ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_COMMANDLINE_H
#define QUIPU_SUPPORT_COMMANDLINE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quipu {

/// What an option's value is and where it goes.
struct Integer {
  std::optional<int64_t> *to;
  int64_t low, high;
};
struct Real {
  float *to;
  float low, high;
};
struct Text {
  std::optional<std::string> *to;
};
/// May be given several times, unlike others of the same table.
struct Texts {
  std::vector<std::string> *to;
};
struct Choice {
  int32_t *to; // the word's index
  std::vector<std::string_view> words;
};
struct Switch {
  bool *to;
};

struct Option {
  const char *group; // the heading above it in the help
  char letter;       // '\0' if there is only the long name
  std::string_view name;
  std::string_view value; // how the help calls the value
  std::variant<Integer, Real, Text, Texts, Choice, Switch> kind;
  std::string help; // one sentence, with the default
};

/// The one of `words` that `word` abbreviates or else looks most like, or
/// nothing.
std::string_view findNearest(std::string_view word,
                             const std::vector<std::string_view> &words);

/// What an option does that is given again.
enum class Repeated { Counts, IsRefused };

/// One table that the arguments are parsed with and the help printed from.
/// Takes `--name=value`, `--name value`, `-l value`, `-lvalue`; `--` ends the
/// options.
class CommandLine {
public:
  explicit CommandLine(std::vector<Option> options,
                       Repeated repeated = Repeated::Counts)
      : options(std::move(options)), repeated(repeated) {}

  /// Returns a sentence about the first error, or nothing.
  std::string parse(int argc, const char *const *argv);

  /// The option that "--name", "-l" or "-lvalue" means, or null.
  const Option *find(std::string_view argument) const;

  const std::vector<std::string> &positional() const { return others; }

  /// The index of the first argument that is neither an option nor its value;
  /// 0 if there is none before a `--` or an unknown option.
  int firstWord(int argc, const char *const *argv) const;

  /// The options by group, in the order in which these came, 80 columns wide.
  std::string help() const;

private:
  std::string unknown(std::string_view name) const;

  std::vector<Option> options;
  Repeated repeated;
  std::vector<std::string> others;
};

/// Appends words to `line`, which begins at its indent, in lines of at most 80
/// columns.
void appendWords(std::string &text, std::string line, size_t indent,
                 std::string_view words);

} // namespace quipu

#endif // QUIPU_SUPPORT_COMMANDLINE_H
