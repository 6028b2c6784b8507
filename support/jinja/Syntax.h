//===- Syntax.h - A parsed template -----------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_SYNTAX_H
#define QUIPU_SUPPORT_JINJA_SYNTAX_H

#include "support/jinja/Value.h"
#include <memory>

namespace quipu::jinja {

struct Builtin;
struct Expression;

/// A name's number in its template.
using NameId = uint32_t;

/// What a call, a filter or a test is given.
struct CallArguments {
  std::vector<const Expression *> positional;
  std::vector<std::pair<std::string, const Expression *>> keywords;
  const Expression *rest = nullptr;         // *values
  const Expression *restKeywords = nullptr; // **values
};

struct Expression {
  enum class Op : uint8_t {
    Constant,
    Name,
    List,
    Tuple,
    Dictionary, // keys and values in turn
    Attribute,  // x.text
    Item,       // x[y]
    Slice,      // x[a:b:c], absent operands are null
    Call,
    Filter,
    Test,
    Not,
    Negate,
    Plus,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Concatenate,
    Compare, // operands one more than comparisons
    And,
    Or,
    Choose // condition, then, else or null
  };
  enum class Comparison : uint8_t {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn
  };

  Expression(Op op, uint32_t line) : op(op), line(line) {}

  Op op;
  uint32_t line;
  uint32_t height = 1; // of the tree below
  Value constant;
  std::string text; // of an attribute, or a name
  NameId name = 0;
  std::vector<const Expression *> operands;
  std::vector<Comparison> comparisons;
  CallArguments arguments;
  const Builtin *builtin = nullptr; // of a filter or a test
};

struct Statement;
using Body = std::vector<const Statement *>;

/// What is assigned to: a name, an attribute of a namespace, or several.
struct Target {
  NameId name = 0;
  std::string attribute; // "" for a name
  uint32_t line = 0;
  std::vector<Target> parts; // of a tuple
  bool isTuple = false;
};

struct Parameter {
  NameId name;
  const Expression *standard; // or null
};

/// A macro, or the body that `call` hands to one.
struct Macro {
  std::string name;
  std::vector<Parameter> parameters;
  Body body;
  // The names that the body has of what it was given beside its parameters.
  bool takesRest = false, takesKeywords = false, takesCaller = false;
};

struct Statement {
  enum class Kind : uint8_t {
    Data,
    Print, // values
    If,    // conditions and bodies in turn, at last an else's body
    For,
    Break,
    Continue,
    Set,
    SetBlock, // value: filters, or null
    FilterBlock,
    Macro,
    CallBlock,
    With,
    Generation
  };
  Kind kind;
  uint32_t line;
  Text data;
  std::vector<const Expression *> values;
  std::vector<Body> bodies;
  std::vector<Target> targets;
  // Of a loop.
  const Expression *condition = nullptr;
  bool isRecursive = false;
  // Of a macro.
  Macro macro;
};

/// Names that the interpreter itself gives a meaning.
enum KnownName : NameId {
  LoopName,
  CallerName,
  RestName,
  KeywordsName,
  KnownNameCount
};

struct Syntax {
  Body body;
  std::vector<std::string> names; // by NameId
  std::deque<Expression> expressions;
  std::deque<Statement> statements;
  std::deque<std::string> hints;
  Heap constants;
};

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_SYNTAX_H
