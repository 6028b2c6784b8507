//===- Automata.cpp - Regular expressions as tables -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/Automata.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace llvm;
using namespace quipu;

static Error tooLarge() {
  return createStringError("a regular expression needs more states than the "
                           "tables of a tokenizer have");
}

namespace {

/// A regular expression as a program of threads (Pike's): a thread that comes
/// earlier in a list is preferred.
struct Program {
  enum Op { Set, Look, Fork, Match };
  struct Instruction {
    Op op;
    const Regex *regex; // of Set and Look
    uint32_t next;
    uint32_t other; // of Fork: less preferred
  };
  static constexpr size_t maxInstructions = 1 << 16;

  std::vector<Instruction> code;

  uint32_t add(Op op, uint32_t next, uint32_t other = 0,
               const Regex *regex = nullptr) {
    code.push_back({op, regex, next, other});
    return code.size() - 1;
  }
  /// Adds what matches `regex` and goes on at `next`; returns its beginning.
  uint32_t compile(const Regex &regex, uint32_t next);
  bool isTooLarge() const { return code.size() > maxInstructions; }
};

/// Rows of a table, each a list of threads.
class Determinizer {
public:
  Determinizer(const Program &program, uint32_t start,
               ArrayRef<uint32_t> members)
      : program(program), members(members) {
    accepts.resize(program.code.size());
    for (auto [index, instruction] : enumerate(program.code))
      if (instruction.regex)
        for (uint32_t member : members)
          accepts[index].push_back(instruction.regex->set.contains(member));
    seen.resize(program.code.size());
    std::vector<uint32_t> threads;
    ++round;
    follow(start, threads);
    rows.emplace_back(); // the end of the search
    rowOf[threads] = 1;
    rows.push_back(threads);
  }

  Error run(std::vector<uint16_t> &entries);

private:
  static constexpr size_t maxRows = 0x7fff;
  static constexpr size_t maxEntries = size_t(1) << 22;

  /// Appends the threads at `at`, without forks.
  void follow(uint32_t at, std::vector<uint32_t> &threads);
  /// Adds to `next` where `at` goes with a character of the class; true if it
  /// is a match before that character, which ends all that are less preferred.
  bool step(uint32_t at, uint32_t column, std::vector<uint32_t> &next);

  const Program &program;
  ArrayRef<uint32_t> members;
  std::vector<std::vector<bool>> accepts; // by instruction and class
  std::vector<std::vector<uint32_t>> rows;
  std::map<std::vector<uint32_t>, uint32_t> rowOf;
  /// The round in which an instruction was added, and in which it was stepped.
  std::vector<std::pair<unsigned, unsigned>> seen;
  unsigned round = 0;
};

} // namespace

uint32_t Program::compile(const Regex &regex, uint32_t next) {
  if (isTooLarge())
    return next;
  switch (regex.kind) {
  case Regex::Set:
    return add(Set, next, 0, &regex);
  case Regex::Look:
    return add(Look, next, 0, &regex);
  case Regex::Sequence:
    for (const Regex &part : reverse(regex.parts))
      next = compile(part, next);
    return next;
  case Regex::Choice: {
    uint32_t begin = compile(regex.parts.back(), next);
    for (const Regex &part : reverse(ArrayRef(regex.parts).drop_back()))
      begin = add(Fork, compile(part, next), begin);
    return begin;
  }
  case Regex::Repeat: {
    const Regex &part = regex.parts[0];
    auto fork = [&](uint32_t more, uint32_t less) {
      return regex.isLazy ? add(Fork, less, more) : add(Fork, more, less);
    };
    uint32_t begin = next;
    if (regex.max == Regex::unbounded) {
      begin = add(Fork, 0, 0);
      uint32_t body = compile(part, begin);
      code[begin].next = regex.isLazy ? next : body;
      code[begin].other = regex.isLazy ? body : next;
    } else {
      for (unsigned i = regex.min; i < regex.max && !isTooLarge(); ++i)
        begin = fork(compile(part, begin), next);
    }
    for (unsigned i = 0; i < regex.min && !isTooLarge(); ++i)
      begin = compile(part, begin);
    return begin;
  }
  }
  return next;
}

void Determinizer::follow(uint32_t start, std::vector<uint32_t> &threads) {
  SmallVector<uint32_t> stack = {start};
  while (!stack.empty()) {
    uint32_t at = stack.pop_back_val();
    if (seen[at].first == round)
      continue;
    seen[at].first = round;
    const Program::Instruction &instruction = program.code[at];
    if (instruction.op == Program::Fork) {
      stack.push_back(instruction.other);
      stack.push_back(instruction.next);
    } else {
      threads.push_back(at);
    }
  }
}

bool Determinizer::step(uint32_t start, uint32_t column,
                        std::vector<uint32_t> &next) {
  SmallVector<uint32_t> stack = {start};
  bool isEnd = column == members.size();
  while (!stack.empty()) {
    uint32_t at = stack.pop_back_val();
    if (seen[at].second == round)
      continue;
    seen[at].second = round;
    const Program::Instruction &instruction = program.code[at];
    switch (instruction.op) {
    case Program::Match:
      return true;
    case Program::Fork:
      stack.push_back(instruction.other);
      stack.push_back(instruction.next);
      break;
    case Program::Look:
      if (isEnd ? instruction.regex->orEnd : accepts[at][column])
        stack.push_back(instruction.next);
      break;
    case Program::Set:
      if (!isEnd && accepts[at][column])
        follow(instruction.next, next);
      break;
    }
  }
  return false;
}

Error Determinizer::run(std::vector<uint16_t> &entries) {
  uint32_t columns = members.size() + 1;
  entries.assign(columns, 0);
  for (size_t row = 1; row < rows.size(); ++row) {
    std::vector<uint32_t> threads = rows[row];
    for (uint32_t column = 0; column < columns; ++column) {
      std::vector<uint32_t> next;
      ++round;
      bool isMatch = false;
      for (uint32_t at : threads)
        if ((isMatch = step(at, column, next)))
          break;
      uint32_t to = 0;
      if (!next.empty()) {
        auto [entry, isNew] = rowOf.try_emplace(next, rows.size());
        to = entry->second;
        if (isNew)
          rows.push_back(std::move(next));
      }
      if (rows.size() > maxRows || entries.size() > maxEntries)
        return tooLarge();
      entries.push_back(to | (isMatch ? Automaton::isMatch : 0));
    }
  }
  return Error::success();
}

uint32_t Automata::add(Regex regex, bool readsBytes) {
  expressions.emplace_back(std::move(regex), readsBytes);
  return expressions.size() - 1;
}

static void collectSets(const Regex &regex,
                        std::vector<const CodePoints *> &sets) {
  if (regex.kind == Regex::Set || regex.kind == Regex::Look)
    sets.push_back(&regex.set);
  for (const Regex &part : regex.parts)
    collectSets(part, sets);
}

Error Automata::divideCharacters() {
  std::vector<const CodePoints *> sets;
  for (const auto &[regex, readsBytes] : expressions)
    collectSets(regex, sets);
  std::vector<uint32_t> starts = {0};
  for (const CodePoints *set : sets)
    for (CodePoints::Range range : set->getRanges()) {
      starts.push_back(range.first);
      if (range.last < CodePoints::last)
        starts.push_back(range.last + 1);
    }
  llvm::sort(starts);
  starts.erase(llvm::unique(starts), starts.end());

  // Sets of equal content count once.
  std::vector<const CodePoints *> distinct;
  for (const CodePoints *set : sets)
    if (none_of(distinct,
                [&](const CodePoints *other) { return *other == *set; }))
      distinct.push_back(set);

  std::map<std::vector<bool>, uint8_t> classOf;
  classes.assign(CodePoints::last + 1, 0);
  for (auto [index, start] : enumerate(starts)) {
    std::vector<bool> signature;
    for (const CodePoints *set : distinct)
      signature.push_back(set->contains(start));
    auto [entry, isNew] = classOf.try_emplace(signature, members.size());
    if (isNew)
      members.push_back(start);
    if (members.size() > UINT8_MAX)
      return createStringError("the regular expressions of a tokenizer have "
                               "more than 255 classes of characters");
    uint32_t end =
        index + 1 < starts.size() ? starts[index + 1] : CodePoints::last + 1;
    std::fill(classes.begin() + start, classes.begin() + end, entry->second);
  }
  columns = members.size() + 1;
  return Error::success();
}

Error Automata::build() {
  if (Error error = divideCharacters())
    return error;
  for (const auto &[regex, readsBytes] : expressions) {
    Program program;
    uint32_t match = program.add(Program::Match, 0);
    uint32_t start = program.compile(regex, match);
    if (program.isTooLarge())
      return tooLarge();
    Table &table = tables.emplace_back();
    table.readsBytes = readsBytes;
    if (Error error = Determinizer(program, start, members).run(table.entries))
      return error;
  }
  return Error::success();
}
