//===- Builtins.h - Filters, tests and methods by name ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_BUILTINS_H
#define QUIPU_SUPPORT_JINJA_BUILTINS_H

#include "support/jinja/Value.h"
#include <array>

namespace quipu::jinja {

class Interpreter;

/// What a call was given, in order and by name.
struct Given {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> keywords;
};

/// Given values as a builtin's parameters; null where none was given.
struct Bound {
  std::array<const Value *, 6> values = {};
  const Given *all = nullptr;

  const Value *operator[](size_t index) const { return values[index]; }
  bool has(size_t index) const { return values[index]; }
};

struct Builtin {
  std::string_view name;
  /// Names of the parameters, with commas between; "*" takes anything.
  std::string_view parameters;
  /// How many must be given.
  unsigned needed;
  Value (*run)(Interpreter &, const Value &subject, const Bound &given);
};

/// Null if there is none of that name.
const Builtin *findFilter(std::string_view name);
const Builtin *findTest(std::string_view name);
const Builtin *findFunction(std::string_view name);
const Builtin *findTextMethod(std::string_view name);
const Builtin *findSequenceMethod(std::string_view name);
const Builtin *findMappingMethod(std::string_view name);

/// Whether a list or mapping would be changed by the method.
bool isChangingMethod(std::string_view name);

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_BUILTINS_H
