//===- Interpreter.h - Runs a parsed template -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_INTERPRETER_H
#define QUIPU_SUPPORT_JINJA_INTERPRETER_H

#include "support/jinja/Builtins.h"
#include "support/jinja/Lexer.h"
#include "support/jinja/Syntax.h"
#include "support/jinja/Template.h"
#include <optional>

namespace quipu::jinja {

/// Names and their values, inside of others.
struct Scope {
  Scope *parent = nullptr;
  std::vector<std::pair<NameId, Value>> names;
  bool isKept = false; // a macro refers to it

  void set(NameId name, const Value &value);
};

/// What can be called: a macro, or a builtin, of a value if it is a method.
struct Function {
  std::string_view name;
  const Builtin *builtin = nullptr;
  Value self;
  const Macro *macro = nullptr;
  Scope *scope = nullptr; // where the macro stands
};

/// A loop that runs: what templates call `loop`.
struct Loop {
  const Statement *statement;
  Scope *scope; // where the loop stands
  std::vector<Value> items;
  size_t index = 0;
  int64_t depth = 1;
  mutable std::optional<std::vector<Value>> last; // for `changed`
};

/// Runs a template once. After an error, which is the first, whatever functions
/// return means nothing, and running ends soon: it is not looked for at every
/// step.
class Interpreter {
public:
  Interpreter(const Syntax &syntax, const Mapping &variables,
              const Limits &limits);

  /// Appends to `to`; returns what went wrong.
  Mistake run(Text &to);

  void fail(std::string message);
  bool hasFailed() const { return mistake.line != 0; }

  //===--------------------------------------------------------------------===//
  // Values, for builtins
  //===--------------------------------------------------------------------===//

  Value make(Text text);
  Value make(std::string text) { return make(Text(std::move(text))); }
  Value make(Form form, std::vector<Value> items);
  Value make(Mapping mapping);
  Value makeNamespace(Mapping attributes);
  Value makeMethod(const Builtin *builtin, const Value &self);

  bool isTrue(const Value &value);
  bool isEqual(const Value &a, const Value &b);
  /// Whether a < b.
  bool isLess(const Value &a, const Value &b);
  bool isIn(const Value &item, const Value &container);
  /// As Python's str and repr.
  Text print(const Value &value);
  void printInto(Text &to, const Value &value);
  void represent(Text &to, const Value &value);
  /// What values are called in messages.
  std::string_view typeName(const Value &value);

  /// The items of a sequence, the keys of a mapping, the characters of a text;
  /// false, with an error, if there are none.
  bool iterate(const Value &value, std::vector<Value> &items);
  static bool isIterable(const Value &value);
  /// How many there are; none for what has no length.
  std::optional<size_t> getLength(const Value &value);
  Value getItem(const Value &of, const Value &key);
  /// x.name
  Value getAttribute(const Value &of, const Text &name);
  /// Of "a.b.0", as filters take it.
  Value getPath(const Value &of, const Value &path);
  Value call(const Value &function, const Given &given);
  Value runBuiltin(const Builtin &builtin, const Value &subject,
                   const Given &given);

  Value add(const Value &a, const Value &b);
  /// What an operator with two operands gives.
  Value combine(Expression::Op op, const Value &a, const Value &b);
  /// A value of JSON in a text of the input.
  std::string readInputJson(std::string_view text, Value &value);
  Value formatPercent(const Text &format, const Value &values);
  Value formatBraces(const Text &format, const Given &given);

  /// The text; an error if it is none. With `isStrict` false others are
  /// printed.
  const Text *expectText(const Value &value, std::string_view of,
                         bool isStrict = true);
  int64_t expectWhole(const Value &value, std::string_view of);

  /// Takes part of what a template may do; false when it is used up.
  bool spend(uint64_t work);

  const Limits &limits;

  /// Counts how deep calls are nested.
  class Level {
  public:
    explicit Level(Interpreter &interpreter) : interpreter(interpreter) {
      if (++interpreter.depth > interpreter.limits.depth)
        interpreter.fail("calls are nested more than " +
                         std::to_string(interpreter.limits.depth) + " deep");
    }
    ~Level() { --interpreter.depth; }

  private:
    Interpreter &interpreter;
  };

private:
  enum class Flow { Next, Break, Continue };

  Scope *makeScope(Scope *parent);
  void emit(const Text &text);
  void emitValue(const Value &value);

  Flow run(const Body &body);
  Flow run(const Statement &statement);
  Flow runIf(const Statement &statement);
  void runFor(const Statement &statement);
  void runLoop(const Statement &statement, const Value &over, int64_t depth);
  void runMacro(const Statement &statement);
  void runCallBlock(const Statement &statement);
  /// Runs a body in a scope of its own; returns its output.
  Text capture(const Body &body, Scope *parent);
  void assign(const Target &target, const Value &value);

  Value evaluate(const Expression &expression);
  Value evaluateName(const Expression &expression);
  Value evaluateList(const Expression &expression);
  Value evaluateSlice(const Expression &expression);
  Value evaluateCall(const Expression &expression,
                     const Value *caller = nullptr);
  Value evaluateFilter(const Expression &expression, const Value *subject);
  Value evaluateTest(const Expression &expression);
  Value evaluateCompare(const Expression &expression);
  Value evaluateConcatenation(const Expression &expression);
  Given evaluateArguments(const CallArguments &arguments);
  Value callMacro(const Function &function, const Given &given);
  Value callLoop(const Loop &loop, const Given &given);
  Value getLoopAttribute(const Loop &loop, std::string_view name);

  Value combineWhole(Expression::Op op, int64_t a, int64_t b);
  Value combineReal(Expression::Op op, double a, double b);
  Value repeat(const Value &value, int64_t times);
  Value refuse(std::string_view sign, const Value &a, const Value &b);

  const Syntax &syntax;
  Mistake mistake;
  uint32_t line = 1;
  uint64_t work = 0;
  unsigned depth = 0;
  Heap heap;
  std::deque<Scope> scopes;
  std::deque<Function> functions;
  std::deque<Loop> loops;
  std::deque<std::string> hints;
  Scope *scope = nullptr;
  Text *output = nullptr;
};

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_INTERPRETER_H
