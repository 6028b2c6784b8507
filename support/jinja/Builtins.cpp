//===- Builtins.cpp - Filters, tests and methods by name ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Builtins.h"
#include "support/jinja/BuiltinTables.h"

using namespace quipu::jinja;

static constexpr Builtin filterTable[] = {
#define QUIPU_FILTER(name, function, parameters, needed)                       \
  {name, parameters, needed, filters::function},
#define QUIPU_FILTER_ALIAS QUIPU_FILTER
#include "support/jinja/Filters.def"
};

static constexpr Builtin testTable[] = {
#define QUIPU_TEST(name, function, parameters, needed)                         \
  {name, parameters, needed, tests::function},
#define QUIPU_TEST_ALIAS QUIPU_TEST
#include "support/jinja/Tests.def"
};

namespace {
enum class Owner { Text, Sequence, Mapping, Function };

struct Method {
  Owner owner;
  Builtin builtin;
};
} // namespace

static constexpr Method methodTable[] = {
#define QUIPU_METHOD(of, name, function, parameters, needed)                   \
  {Owner::of, {name, parameters, needed, methods::function}},
#include "support/jinja/Methods.def"
};

const Builtin *quipu::jinja::findFilter(std::string_view name) {
  const auto *found = std::ranges::find(filterTable, name, &Builtin::name);
  return found == std::end(filterTable) ? nullptr : found;
}

const Builtin *quipu::jinja::findTest(std::string_view name) {
  const auto *found = std::ranges::find(testTable, name, &Builtin::name);
  return found == std::end(testTable) ? nullptr : found;
}

static const Builtin *findMethod(Owner owner, std::string_view name) {
  for (const Method &method : methodTable)
    if (method.owner == owner && method.builtin.name == name)
      return &method.builtin;
  return nullptr;
}

const Builtin *quipu::jinja::findFunction(std::string_view name) {
  return findMethod(Owner::Function, name);
}
const Builtin *quipu::jinja::findTextMethod(std::string_view name) {
  return findMethod(Owner::Text, name);
}
const Builtin *quipu::jinja::findSequenceMethod(std::string_view name) {
  return findMethod(Owner::Sequence, name);
}
const Builtin *quipu::jinja::findMappingMethod(std::string_view name) {
  return findMethod(Owner::Mapping, name);
}

bool quipu::jinja::isChangingMethod(std::string_view name) {
  static constexpr std::string_view names[] = {
      "append", "clear",   "extend",     "insert", "pop",   "popitem",
      "remove", "reverse", "setdefault", "sort",   "update"};
  return std::ranges::find(names, name) != std::end(names);
}
