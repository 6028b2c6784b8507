//===- Operators.cpp - What Python's operators do -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Interpreter.h"
#include <algorithm>
#include <cmath>

using namespace quipu::jinja;

std::string_view Interpreter::typeName(const Value &value) {
  switch (value.kind) {
  case Kind::Undefined:
    return "an undefined value";
  case Kind::None:
    return "none";
  case Kind::Boolean:
    return "a boolean";
  case Kind::Integer:
    return "a whole number";
  case Kind::Real:
    return "a number";
  case Kind::Text:
    return "a text";
  case Kind::Sequence:
    return value.sequence->form == Form::List    ? "a list"
           : value.sequence->form == Form::Tuple ? "a tuple"
                                                 : "an iterator";
  case Kind::Mapping:
    return "a mapping";
  case Kind::Namespace:
    return "a namespace";
  case Kind::Function:
    return "a function";
  case Kind::Loop:
    return "a loop";
  }
  return "";
}

bool Interpreter::isTrue(const Value &value) {
  switch (value.kind) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Boolean:
    return value.boolean;
  case Kind::Integer:
    return value.integer != 0;
  case Kind::Real:
    return value.real != 0;
  case Kind::Text:
    return !value.text->bytes.empty();
  case Kind::Sequence:
    return value.sequence->form == Form::Generator ||
           !value.sequence->items.empty();
  case Kind::Mapping:
    return !value.mapping->entries.empty();
  default:
    return true;
  }
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

bool Interpreter::isEqual(const Value &a, const Value &b) {
  Level level(*this);
  if (!spend(16))
    return false;
  if (a.kind == Kind::Sequence && b.kind == Kind::Sequence) {
    if (a.sequence == b.sequence)
      return true;
    if (a.sequence->form != b.sequence->form ||
        a.sequence->form == Form::Generator ||
        a.sequence->items.size() != b.sequence->items.size())
      return false;
    return std::ranges::equal(
        a.sequence->items, b.sequence->items,
        [&](const Value &x, const Value &y) { return isEqual(x, y); });
  }
  if (a.kind == Kind::Mapping && b.kind == Kind::Mapping) {
    if (a.mapping->entries.size() != b.mapping->entries.size())
      return false;
    return std::ranges::all_of(a.mapping->entries, [&](const auto &entry) {
      spend(b.mapping->entries.size());
      const Value *other = b.mapping->find(entry.first);
      return other && isEqual(entry.second, *other);
    });
  }
  if (a.kind == Kind::Undefined)
    return b.kind == Kind::Undefined;
  if (a.kind == Kind::Namespace || a.kind == Kind::Function ||
      a.kind == Kind::Loop)
    return a.kind == b.kind && a.function == b.function;
  return isSameKey(a, b);
}

bool Interpreter::isLess(const Value &a, const Value &b) {
  Level level(*this);
  if (!spend(16))
    return false;
  if (a.isWhole() && b.isWhole())
    return a.whole() < b.whole();
  if (a.isNumber() && b.isNumber())
    return a.number() < b.number();
  if (a.isText() && b.isText())
    return a.text->bytes < b.text->bytes;
  if (a.kind == Kind::Sequence && b.kind == Kind::Sequence &&
      a.sequence->form == b.sequence->form &&
      a.sequence->form < Form::Generator) {
    const std::vector<Value> &x = a.sequence->items, &y = b.sequence->items;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
      if (!isEqual(x[i], y[i]))
        return isLess(x[i], y[i]);
    return x.size() < y.size();
  }
  refuse("<", a, b);
  return false;
}

bool Interpreter::isIn(const Value &item, const Value &container) {
  if (container.isText()) {
    const Text *part = expectText(item, "'in' a text");
    return part && spend(container.text->bytes.size()) &&
           container.text->bytes.find(part->bytes) != std::string::npos;
  }
  if (container.kind == Kind::Mapping) {
    spend(container.mapping->entries.size());
    return container.mapping->find(item);
  }
  std::vector<Value> items;
  return iterate(container, items) &&
         std::ranges::any_of(
             items, [&](const Value &other) { return isEqual(item, other); });
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

bool Interpreter::isIterable(const Value &value) {
  return value.kind == Kind::Undefined || value.kind == Kind::Text ||
         value.kind == Kind::Sequence || value.kind == Kind::Mapping;
}

bool Interpreter::iterate(const Value &value, std::vector<Value> &items) {
  switch (value.kind) {
  case Kind::Undefined:
    break;
  case Kind::Text:
    for (size_t at = 0; at < value.text->bytes.size() && spend(64);) {
      size_t end = at + characterBytes(value.text->bytes[at]);
      items.push_back(make(value.text->slice(at, end)));
      at = end;
    }
    break;
  case Kind::Sequence: {
    Sequence &sequence = *value.sequence;
    if (sequence.form == Form::Generator &&
        std::exchange(sequence.isUsed, true))
      break;
    spend(sequence.items.size() * sizeof(Value));
    items.insert(items.end(), sequence.items.begin(), sequence.items.end());
    break;
  }
  case Kind::Mapping:
    spend(value.mapping->entries.size() * sizeof(Value));
    for (const auto &[key, is] : value.mapping->entries)
      items.push_back(key);
    break;
  default:
    fail(std::string(typeName(value)) + " is not iterable");
  }
  return !hasFailed();
}

std::optional<size_t> Interpreter::getLength(const Value &value) {
  switch (value.kind) {
  case Kind::Undefined:
    return 0;
  case Kind::Text:
    return value.text->countCharacters();
  case Kind::Sequence:
    if (value.sequence->form == Form::Generator)
      return std::nullopt;
    return value.sequence->items.size();
  case Kind::Mapping:
    return value.mapping->entries.size();
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value Interpreter::refuse(std::string_view sign, const Value &a,
                          const Value &b) {
  for (const Value *value : {&a, &b})
    if (value->isUndefined() && value->hint)
      fail("'" + *value->hint + "' is undefined");
  fail("'" + std::string(sign) + "' does not go with " +
       std::string(typeName(a)) + " and " + std::string(typeName(b)));
  return {};
}

static void appendEscaped(Text &to, const Text &text) {
  to.appendChanged(text, [](std::string_view part) {
    std::string escaped;
    for (char c : part)
      escaped += c == '&'    ? "&amp;"
                 : c == '<'  ? "&lt;"
                 : c == '>'  ? "&gt;"
                 : c == '"'  ? "&#34;"
                 : c == '\'' ? "&#39;"
                             : std::string(1, c);
    return escaped;
  });
}

Text quipu::jinja::escapeHtml(const Text &text) {
  if (text.isMarkup)
    return text;
  Text escaped;
  appendEscaped(escaped, text);
  escaped.isMarkup = true;
  return escaped;
}

Value Interpreter::add(const Value &a, const Value &b) {
  if (a.isText() && b.isText()) {
    spend(a.text->bytes.size() + b.text->bytes.size());
    if (hasFailed())
      return {};
    bool isMarkup = a.text->isMarkup || b.text->isMarkup;
    Text sum = isMarkup ? escapeHtml(*a.text) : *a.text;
    sum.append(isMarkup ? escapeHtml(*b.text) : *b.text);
    return make(std::move(sum));
  }
  if (a.kind == Kind::Sequence && b.kind == Kind::Sequence &&
      a.sequence->form == b.sequence->form &&
      a.sequence->form < Form::Generator) {
    std::vector<Value> items;
    if (iterate(a, items))
      iterate(b, items);
    return make(a.sequence->form, std::move(items));
  }
  return refuse("+", a, b);
}

Value Interpreter::repeat(const Value &value, int64_t times) {
  uint64_t count = times < 0 ? 0 : times;
  uint64_t size = value.isText() ? value.text->bytes.size()
                                 : value.sequence->items.size() * sizeof(Value);
  if (size != 0 && count > limits.memory / size) {
    spend(limits.work);
    return {};
  }
  if (!spend(size * count))
    return {};
  if (value.isText()) {
    Text text;
    text.isMarkup = value.text->isMarkup;
    if (size != 0)
      for (uint64_t i = 0; i < count; ++i)
        text.append(*value.text);
    return make(std::move(text));
  }
  std::vector<Value> items;
  if (size != 0)
    for (uint64_t i = 0; i < count; ++i)
      items.insert(items.end(), value.sequence->items.begin(),
                   value.sequence->items.end());
  return make(value.sequence->form, std::move(items));
}

Value Interpreter::combine(Expression::Op op, const Value &a, const Value &b) {
  using Op = Expression::Op;
  if (hasFailed())
    return {};
  if (a.isWhole() && b.isWhole())
    return combineWhole(op, a.whole(), b.whole());
  if (a.isNumber() && b.isNumber())
    return combineReal(op, a.number(), b.number());
  auto isRepeated = [](const Value &value) {
    return value.isText() || (value.kind == Kind::Sequence &&
                              value.sequence->form < Form::Generator);
  };
  switch (op) {
  case Op::Add:
    return add(a, b);
  case Op::Subtract:
    return refuse("-", a, b);
  case Op::Multiply:
    if (isRepeated(a) && b.isWhole())
      return repeat(a, b.whole());
    if (isRepeated(b) && a.isWhole())
      return repeat(b, a.whole());
    return refuse("*", a, b);
  case Op::Modulo:
    return a.isText() ? formatPercent(*a.text, b) : refuse("%", a, b);
  case Op::Divide:
    return refuse("/", a, b);
  case Op::FloorDivide:
    return refuse("//", a, b);
  default:
    return refuse("**", a, b);
  }
}

Value Interpreter::combineWhole(Expression::Op op, int64_t a, int64_t b) {
  using Op = Expression::Op;
  int64_t result = 0;
  bool isTooLarge = false;
  switch (op) {
  case Op::Add:
    isTooLarge = __builtin_add_overflow(a, b, &result);
    break;
  case Op::Subtract:
    isTooLarge = __builtin_sub_overflow(a, b, &result);
    break;
  case Op::Multiply:
    isTooLarge = __builtin_mul_overflow(a, b, &result);
    break;
  case Op::FloorDivide:
  case Op::Modulo:
    if (b == 0) {
      fail("a division by zero");
      return {};
    }
    if (b == -1) {
      isTooLarge =
          op == Op::FloorDivide && __builtin_sub_overflow(0, a, &result);
      break;
    }
    result = op == Op::Modulo ? a % b : a / b;
    if (a % b != 0 && (a < 0) != (b < 0))
      result += op == Op::Modulo ? b : -1;
    break;
  case Op::Power:
    if (b >= 0) {
      result = 1;
      // No whole number but 0 and +-1 has a 64th power that fits.
      for (int64_t i = 0,
                   times = a >= -1 && a <= 1 ? b % 2 + (b > 0 ? 2 : 0) : b;
           i < times && !isTooLarge; ++i)
        isTooLarge = __builtin_mul_overflow(result, a, &result);
      break;
    }
    [[fallthrough]];
  default:
    return combineReal(op, static_cast<double>(a), static_cast<double>(b));
  }
  if (isTooLarge)
    fail("a whole number becomes too large");
  return Value(result);
}

Value Interpreter::combineReal(Expression::Op op, double a, double b) {
  using Op = Expression::Op;
  switch (op) {
  case Op::Add:
    return Value(a + b);
  case Op::Subtract:
    return Value(a - b);
  case Op::Multiply:
    return Value(a * b);
  case Op::Power: {
    double result = std::pow(a, b);
    if ((a == 0 && b < 0) || (a < 0 && std::isnan(result)) ||
        (std::isinf(result) && std::isfinite(a) && std::isfinite(b)))
      fail("a power that is no number");
    return Value(result);
  }
  default:
    break;
  }
  if (b == 0) {
    fail("a division by zero");
    return {};
  }
  if (op == Op::Divide)
    return Value(a / b);
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0))
    rest += b;
  if (op == Op::Modulo)
    return Value(rest == 0 ? std::copysign(0.0, b) : rest);
  return Value(std::round((a - rest) / b));
}
