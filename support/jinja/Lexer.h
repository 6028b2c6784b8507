//===- Lexer.h - A template's source as tokens ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_LEXER_H
#define QUIPU_SUPPORT_JINJA_LEXER_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu::jinja {

struct Token {
  enum class Type : uint8_t {
    Data, // what stands between tags
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Integer,
    Real,
    Operator,
    End
  };
  Type type;
  uint32_t line;
  std::string text; // of strings and data what they stand for
};

/// An error in a template, where it is.
struct Mistake {
  uint32_t line = 0; // from 1 on; 0: there is none
  std::string message;
};

/// Splits a template, in UTF-8, as Jinja does with trim_blocks and
/// lstrip_blocks. The last token is an End.
std::vector<Token> tokenize(std::string_view source, Mistake &mistake);

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_LEXER_H
