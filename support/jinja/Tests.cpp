//===- Tests.cpp - What stands behind 'is' --------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"
#include "support/jinja/Characters.h"
#include <cmath>

using namespace quipu::jinja;

#define QUIPU_IS(name, condition)                                              \
  Value tests::name([[maybe_unused]] Interpreter &run, const Value &value,     \
                    [[maybe_unused]] const Bound &given) {                     \
    return Value(bool(condition));                                             \
  }

QUIPU_IS(boolean, value.kind == Kind::Boolean)
// Calling what is undefined is what fails.
QUIPU_IS(callable, value.isUndefined() || value.kind == Kind::Function ||
                       value.kind == Kind::Loop)
QUIPU_IS(defined, !value.isUndefined())
QUIPU_IS(eq, run.isEqual(value, *given[0]))
QUIPU_IS(escaped, value.isText() && value.text->isMarkup)
QUIPU_IS(filter, value.isText() && findFilter(value.text->bytes))
QUIPU_IS(ge, run.isLess(*given[0], value) || run.isEqual(value, *given[0]))
QUIPU_IS(gt, run.isLess(*given[0], value))
QUIPU_IS(in, run.isIn(value, *given[0]))
QUIPU_IS(integer, value.kind == Kind::Integer)
QUIPU_IS(isFalse, value.kind == Kind::Boolean && !value.boolean)
QUIPU_IS(isTrue, value.kind == Kind::Boolean && value.boolean)
QUIPU_IS(iterable, Interpreter::isIterable(value) || value.kind == Kind::Loop)
QUIPU_IS(le, run.isLess(value, *given[0]) || run.isEqual(value, *given[0]))
QUIPU_IS(lt, run.isLess(value, *given[0]))
QUIPU_IS(mapping, value.kind == Kind::Mapping)
QUIPU_IS(ne, !run.isEqual(value, *given[0]))
QUIPU_IS(none, value.isNone())
QUIPU_IS(number, value.isNumber())
QUIPU_IS(real, value.kind == Kind::Real)
// What has a length and items. An undefined value has both.
QUIPU_IS(sequence, value.isUndefined() || value.isText() ||
                       value.kind == Kind::Mapping ||
                       (value.kind == Kind::Sequence &&
                        (value.sequence->form < Form::Generator ||
                         value.sequence->form == Form::Range)))
QUIPU_IS(string, value.isText())
QUIPU_IS(test, value.isText() && findTest(value.text->bytes))
QUIPU_IS(undefined, value.isUndefined())

#undef QUIPU_IS

Value tests::divisibleby(Interpreter &in, const Value &value,
                         const Bound &given) {
  int64_t number = in.expectWhole(value, "'divisibleby'");
  int64_t by = in.expectWhole(*given[0], "'divisibleby'");
  if (by == 0)
    in.fail("a division by zero");
  return Value(by == 0 || by == -1 || number % by == 0);
}

/// What is left of a number by two.
static double halfRest(Interpreter &in, const Value &value) {
  if (value.isWhole())
    return static_cast<double>(value.whole() & 1);
  if (value.kind == Kind::Real)
    return std::fmod(std::fabs(value.real), 2);
  in.fail("'even' and 'odd' need a number, not " +
          std::string(in.typeName(value)));
  return 0;
}

Value tests::even(Interpreter &in, const Value &value, const Bound &) {
  return Value(halfRest(in, value) == 0);
}

Value tests::odd(Interpreter &in, const Value &value, const Bound &) {
  return Value(halfRest(in, value) == 1);
}

Value tests::lower(Interpreter &in, const Value &value, const Bound &) {
  return methods::isLowerText(in, in.make(in.print(value)), {});
}

Value tests::upper(Interpreter &in, const Value &value, const Bound &) {
  return methods::isUpperText(in, in.make(in.print(value)), {});
}

Value tests::sameas(Interpreter &in, const Value &value, const Bound &given) {
  return Value(value.kind == given[0]->kind && in.isEqual(value, *given[0]));
}
