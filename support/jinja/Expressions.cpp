//===- Expressions.cpp - Evaluates expressions of a template --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Interpreter.h"
#include <algorithm>

using namespace quipu::jinja;

Value Interpreter::evaluate(const Expression &expression) {
  using Op = Expression::Op;
  Level level(*this);
  if (!spend(64))
    return {};
  line = expression.line;
  auto operand = [&](size_t i) { return evaluate(*expression.operands[i]); };
  switch (expression.op) {
  case Op::Constant:
    return expression.constant;
  case Op::Name:
    return evaluateName(expression);
  case Op::List:
  case Op::Tuple:
  case Op::Dictionary:
    return evaluateList(expression);
  case Op::Attribute: {
    Value of = operand(0);
    line = expression.line;
    return getAttribute(of, *expression.constant.text);
  }
  case Op::Item: {
    Value of = operand(0), key = operand(1);
    line = expression.line;
    return getItem(of, key);
  }
  case Op::Slice:
    return evaluateSlice(expression);
  case Op::Call:
    return evaluateCall(expression);
  case Op::Filter:
    return evaluateFilter(expression, nullptr);
  case Op::Test:
    return evaluateTest(expression);
  case Op::Not:
    return Value(!isTrue(operand(0)));
  case Op::Negate:
  case Op::Plus: {
    Value value = operand(0);
    if (value.kind == Kind::Undefined)
      return refuse("-", value, value);
    if (!value.isNumber()) {
      fail("a sign before " + std::string(typeName(value)));
      return {};
    }
    return expression.op == Op::Plus
               ? combine(Op::Add, Value(int64_t(0)), value)
               : combine(Op::Subtract, Value(int64_t(0)), value);
  }
  case Op::Concatenate:
    return evaluateConcatenation(expression);
  case Op::Compare:
    return evaluateCompare(expression);
  case Op::And:
  case Op::Or: {
    Value left = operand(0);
    return isTrue(left) == (expression.op == Op::Or) ? left : operand(1);
  }
  case Op::Choose:
    if (isTrue(operand(0)))
      return operand(1);
    return expression.operands[2] ? operand(2) : Value();
  default: {
    Value left = operand(0), right = operand(1);
    line = expression.line;
    return combine(expression.op, left, right);
  }
  }
}

Value Interpreter::evaluateName(const Expression &expression) {
  for (const Scope *in = scope; in; in = in->parent)
    for (const auto &[name, value] : in->names)
      if (name == expression.name)
        return value;
  return Value(&expression.text);
}

Value Interpreter::evaluateList(const Expression &expression) {
  std::vector<Value> items;
  items.reserve(expression.operands.size());
  for (const Expression *item : expression.operands)
    items.push_back(evaluate(*item));
  if (expression.op != Expression::Op::Dictionary)
    return make(expression.op == Expression::Op::List ? Form::List
                                                      : Form::Tuple,
                std::move(items));
  Mapping mapping;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind > Kind::Text)
      fail("the key of a mapping is " + std::string(typeName(items[i])));
    mapping.set(items[i], items[i + 1]);
  }
  return make(std::move(mapping));
}

namespace {
/// Python's slice.indices.
struct Slice {
  int64_t start, stop, step, count;

  Slice(const std::optional<int64_t> (&given)[3], int64_t length)
      : step(given[2].value_or(1)) {
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    auto clamp = [&](std::optional<int64_t> bound, int64_t otherwise) {
      if (!bound)
        return otherwise;
      return std::clamp(*bound < 0 ? *bound + length : *bound, low, high);
    };
    start = clamp(given[0], step < 0 ? high : low);
    stop = clamp(given[1], step < 0 ? low : high);
    // The step may be any number: what is divided is small.
    uint64_t width = step < 0 ? start - stop : stop - start;
    uint64_t size = step < 0 ? -static_cast<uint64_t>(step) : step;
    bool isEmpty = step < 0 ? start <= stop : start >= stop;
    count = isEmpty ? 0 : static_cast<int64_t>((width - 1) / size + 1);
  }
};
} // namespace

Value Interpreter::evaluateSlice(const Expression &expression) {
  Value of = evaluate(*expression.operands[0]);
  std::optional<int64_t> given[3];
  for (int i = 0; i < 3; ++i)
    if (const Expression *bound = expression.operands[i + 1]) {
      Value value = evaluate(*bound);
      if (!value.isNone())
        given[i] = expectWhole(value, "a slice");
    }
  line = expression.line;
  if (given[2] == 0)
    fail("the step of a slice is zero");
  if (hasFailed())
    return {};
  if (of.isText()) {
    const Text &text = *of.text;
    Slice slice(given, static_cast<int64_t>(text.countCharacters()));
    spend(text.bytes.size());
    if (slice.step == 1)
      return make(text.slice(text.findCharacter(slice.start),
                             text.findCharacter(slice.start + slice.count)));
    std::vector<Value> characters;
    iterate(of, characters);
    Text part;
    for (int64_t i = 0; i < slice.count; ++i)
      part.append(*characters[slice.start + i * slice.step].text);
    return make(std::move(part));
  }
  if (of.kind == Kind::Sequence && of.sequence->form != Form::Generator &&
      of.sequence->form < Form::Keys) {
    Slice slice(given, static_cast<int64_t>(of.sequence->items.size()));
    std::vector<Value> items;
    items.reserve(static_cast<size_t>(slice.count));
    for (int64_t i = 0; i < slice.count; ++i)
      items.push_back(of.sequence->items[slice.start + i * slice.step]);
    return make(of.sequence->form, std::move(items));
  }
  if (of.isUndefined())
    return getItem(of, Value::none());
  if (of.kind == Kind::Mapping)
    fail("a mapping has no slices");
  // As for a key that is not there.
  return {};
}

Given Interpreter::evaluateArguments(const CallArguments &arguments) {
  Given given;
  for (const Expression *argument : arguments.positional)
    given.positional.push_back(evaluate(*argument));
  for (const auto &[name, argument] : arguments.keywords)
    given.keywords.emplace_back(name, evaluate(*argument));
  if (arguments.rest)
    iterate(evaluate(*arguments.rest), given.positional);
  if (arguments.restKeywords) {
    Value more = evaluate(*arguments.restKeywords);
    if (more.kind != Kind::Mapping) {
      fail("'**' needs a mapping, not " + std::string(typeName(more)));
      return given;
    }
    for (const auto &[name, value] : more.mapping->entries)
      if (const Text *text = expectText(name, "a keyword"))
        given.keywords.emplace_back(text->bytes, value);
  }
  return given;
}

Value Interpreter::evaluateCall(const Expression &expression,
                                const Value *caller) {
  Value callee = evaluate(*expression.operands[0]);
  Given given = evaluateArguments(expression.arguments);
  if (caller)
    given.keywords.emplace_back("caller", *caller);
  line = expression.line;
  return call(callee, given);
}

Value Interpreter::evaluateFilter(const Expression &expression,
                                  const Value *subject) {
  const Expression *of = expression.operands[0];
  // In a chain that a block begins, the innermost filter has no operand.
  Value value = !of       ? *subject
                : subject ? evaluateFilter(*of, subject)
                          : evaluate(*of);
  Given given = evaluateArguments(expression.arguments);
  line = expression.line;
  return runBuiltin(*expression.builtin, value, given);
}

Value Interpreter::evaluateTest(const Expression &expression) {
  Value value = evaluate(*expression.operands[0]);
  Given given = evaluateArguments(expression.arguments);
  line = expression.line;
  return runBuiltin(*expression.builtin, value, given);
}

Value Interpreter::evaluateConcatenation(const Expression &expression) {
  Text text;
  for (const Expression *part : expression.operands) {
    Value value = evaluate(*part);
    printInto(text, value);
  }
  return make(std::move(text));
}

Value Interpreter::evaluateCompare(const Expression &expression) {
  using Comparison = Expression::Comparison;
  Value left = evaluate(*expression.operands[0]);
  for (size_t i = 0; i < expression.comparisons.size(); ++i) {
    Value right = evaluate(*expression.operands[i + 1]);
    line = expression.line;
    bool holds = false;
    switch (expression.comparisons[i]) {
    case Comparison::Equal:
      holds = isEqual(left, right);
      break;
    case Comparison::Unequal:
      holds = !isEqual(left, right);
      break;
    case Comparison::Less:
      holds = isLess(left, right);
      break;
    case Comparison::LessEqual:
      holds = isLess(left, right) || isEqual(left, right);
      break;
    case Comparison::Greater:
      holds = isLess(right, left);
      break;
    case Comparison::GreaterEqual:
      holds = isLess(right, left) || isEqual(left, right);
      break;
    case Comparison::In:
      holds = isIn(left, right);
      break;
    case Comparison::NotIn:
      holds = !isIn(left, right);
      break;
    }
    if (!holds || hasFailed())
      return Value(false);
    left = right;
  }
  return Value(true);
}
