//===- CommandLine.cpp - A program's options and its help -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/CommandLine.h"
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <set>

using namespace quipu;

static std::string text(int64_t value) { return std::to_string(value); }

static std::string text(float value) {
  char buffer[32];
  snprintf(buffer, sizeof(buffer), "%g", value);
  return buffer;
}

namespace {
/// Stores a value; returns what would have been one.
struct Store {
  std::string_view value;

  std::string operator()(const Integer &kind) const {
    int64_t parsed;
    const char *end = value.data() + value.size();
    auto [stop, error] = std::from_chars(value.data(), end, parsed);
    if (error != std::errc() || stop != end || parsed < kind.low ||
        parsed > kind.high)
      return "a whole number from " + text(kind.low) + " to " + text(kind.high);
    *kind.to = parsed;
    return "";
  }
  std::string operator()(const Real &kind) const {
    std::string copy(value);
    char *end;
    float parsed = strtof(copy.c_str(), &end);
    // The comparison also refuses what is not a number.
    if (copy.empty() || isspace(copy[0]) || *end ||
        !(parsed >= kind.low && parsed <= kind.high))
      return "a number from " + text(kind.low) + " to " + text(kind.high);
    *kind.to = parsed;
    return "";
  }
  std::string operator()(const Text &kind) const {
    *kind.to = std::string(value);
    return "";
  }
  std::string operator()(const Texts &kind) const {
    kind.to->emplace_back(value);
    return "";
  }
  std::string operator()(const Choice &kind) const {
    std::string wanted;
    for (size_t i = 0; i < kind.words.size(); ++i) {
      if (kind.words[i] == value) {
        *kind.to = static_cast<int32_t>(i);
        return "";
      }
      wanted += i == 0 ? "" : i + 1 == kind.words.size() ? " or " : ", ";
      wanted += kind.words[i];
    }
    return wanted;
  }
  std::string operator()(const Switch &kind) const {
    *kind.to = true;
    return "";
  }
};
} // namespace

/// How many letters must be put in, taken out or changed.
static size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view
quipu::findNearest(std::string_view word,
                   const std::vector<std::string_view> &words) {
  for (std::string_view candidate : words)
    if (!word.empty() && candidate.starts_with(word))
      return candidate;
  std::string_view nearest;
  size_t least = word.size() / 3 + 2;
  for (std::string_view candidate : words)
    if (size_t d = distance(word, candidate); d < least) {
      least = d;
      nearest = candidate;
    }
  return nearest;
}

std::string CommandLine::unknown(std::string_view name) const {
  std::string sentence = "unknown option '" + std::string(name) + "'";
  std::vector<std::string_view> names;
  names.reserve(options.size());
  for (const Option &option : options)
    names.push_back(option.name);
  size_t dashes = std::min(name.find_first_not_of('-'), name.size());
  std::string_view nearest = findNearest(name.substr(dashes), names);
  if (!nearest.empty())
    return sentence + "; did you mean '--" + std::string(nearest) + "'?";
  return sentence + "; --help lists the options, and '--' goes before text "
                    "that begins with '-'";
}

const Option *CommandLine::find(std::string_view argument) const {
  std::string_view name = argument.substr(0, argument.find('='));
  auto option = std::find_if(
      options.begin(), options.end(), [&](const Option &candidate) {
        return name.starts_with("--") ? name.substr(2) == candidate.name
                                      : name.size() > 1 && name[0] == '-' &&
                                            name[1] == candidate.letter;
      });
  return option == options.end() ? nullptr : &*option;
}

static bool isOption(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}

/// Whether the value is in the argument of a one-letter option: "-n12".
static bool isAttached(std::string_view name) {
  return name.size() > 2 && name[1] != '-';
}

int CommandLine::firstWord(int argc, const char *const *argv) const {
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (!isOption(argument))
      return i;
    const Option *option = find(argument);
    if (!option)
      return 0;
    if (!std::holds_alternative<Switch>(option->kind) &&
        !isAttached(argument) && argument.find('=') == argument.npos)
      ++i;
  }
  return 0;
}

std::string CommandLine::parse(int argc, const char *const *argv) {
  bool optionsEnded = false;
  std::set<std::string_view> given;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (optionsEnded || !isOption(argument)) {
      others.emplace_back(argument);
      continue;
    }
    if (argument == "--") {
      optionsEnded = true;
      continue;
    }
    size_t equals = argument.find('=');
    std::string_view name = argument.substr(0, equals);
    bool attached = isAttached(name);
    if (attached)
      name = name.substr(0, 2);
    const Option *option = find(argument);
    if (!option)
      return unknown(argument.substr(0, equals));

    std::string quoted = "'" + std::string(name) + "'";
    if (repeated == Repeated::IsRefused &&
        !std::holds_alternative<Texts>(option->kind) &&
        !given.insert(option->name).second)
      return quoted + " is given twice";
    std::string_view value;
    if (std::holds_alternative<Switch>(option->kind)) {
      if (attached)
        return unknown(argument.substr(0, equals));
      if (equals != argument.npos)
        return quoted + " takes no value";
    } else if (attached) {
      value = argument.substr(2);
    } else if (equals != argument.npos) {
      value = argument.substr(equals + 1);
    } else if (++i < argc) {
      value = argv[i];
    } else {
      return quoted + " needs a value: " + quoted.substr(1, name.size()) + " " +
             std::string(option->value);
    }
    std::string wanted = std::visit(Store{value}, option->kind);
    if (!wanted.empty())
      return quoted + " takes " + wanted + ", not '" + std::string(value) + "'";
  }
  return "";
}

void quipu::appendWords(std::string &text, std::string line, size_t indent,
                        std::string_view words) {
  constexpr size_t width = 80;
  if (!line.empty() && line.size() + 2 > indent) {
    text += line + "\n";
    line.clear();
  }
  line.resize(indent, ' ');
  while (!words.empty()) {
    size_t space = words.find(' ');
    std::string_view word = words.substr(0, space);
    words.remove_prefix(space == words.npos ? words.size() : space + 1);
    if (line.size() > indent && line.size() + 1 + word.size() > width) {
      text += line + "\n";
      line.assign(indent, ' ');
    }
    if (line.size() > indent)
      line += ' ';
    line += word;
  }
  text += line + "\n";
}

std::string CommandLine::help() const {
  std::vector<std::string_view> groups;
  for (const Option &option : options)
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end())
      groups.push_back(option.group);
  std::string result;
  for (std::string_view group : groups) {
    result += "\n" + std::string(group) + ":\n";
    for (const Option &option : options) {
      if (option.group != group)
        continue;
      std::string line = option.letter
                             ? std::string("  -") + option.letter + ", --"
                             : std::string("      --");
      line += option.name;
      if (!option.value.empty())
        line += " " + std::string(option.value);
      appendWords(result, std::move(line), 26, option.help);
    }
  }
  return result;
}
