//===- Automata.h - Regular expressions as tables ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_AUTOMATA_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_AUTOMATA_H

#include "compiler/frontend/tokenizer/Regex.h"

namespace quipu {

/// All automata of a tokenizer, which share their classes of characters: two
/// characters are of one class if no regular expression tells them apart.
class Automata {
public:
  /// Returns the number of the automaton; see Automaton in the ABI.
  uint32_t add(Regex regex, bool readsBytes);

  /// Makes the tables. An error when an expression needs too many states.
  llvm::Error build();

  struct Table {
    std::vector<uint16_t> entries;
    bool readsBytes;
  };
  llvm::ArrayRef<Table> getTables() const { return tables; }
  /// Columns of the tables, the end of the text included.
  uint32_t getColumns() const { return columns; }
  /// Of each code point.
  llvm::ArrayRef<uint8_t> getClasses() const { return classes; }

private:
  llvm::Error divideCharacters();

  std::vector<std::pair<Regex, bool>> expressions;
  std::vector<Table> tables;
  std::vector<uint8_t> classes;
  /// A character of each class.
  std::vector<uint32_t> members;
  uint32_t columns = 1;
};

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_AUTOMATA_H
