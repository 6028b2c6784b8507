//===- Calls.cpp - Attributes, items and calls ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Interpreter.h"
#include <algorithm>

using namespace quipu::jinja;

/// "'x' is undefined", as far as it is known of what.
static std::string describeUndefined(const Value &value) {
  return value.hint ? "'" + *value.hint + "' is undefined"
                    : "a value is undefined";
}

//===----------------------------------------------------------------------===//
// Attributes and items
//===----------------------------------------------------------------------===//

static const Builtin *findMethod(const Value &of, std::string_view name) {
  if (of.isText())
    return findTextMethod(name);
  if (of.kind == Kind::Mapping)
    return findMappingMethod(name);
  if (of.kind == Kind::Sequence && of.sequence->form < Form::Generator)
    return findSequenceMethod(name);
  return nullptr;
}

Value Interpreter::makeMethod(const Builtin *builtin, const Value &self) {
  heap.bytes += sizeof(Function);
  Function &function = functions.emplace_back();
  function.name = builtin->name;
  function.builtin = builtin;
  function.self = self;
  return Value(&functions.back());
}

/// The item number `index`, counted from the end if it is negative; null if
/// there is none.
static const Value *findIndex(const Sequence &sequence, int64_t index) {
  auto size = static_cast<int64_t>(sequence.items.size());
  if (index < 0)
    index += size;
  return index >= 0 && index < size ? &sequence.items[index] : nullptr;
}

static bool isIndexed(const Sequence &sequence) {
  return sequence.form < Form::Generator || sequence.form == Form::Range;
}

Value Interpreter::getAttribute(const Value &of, const Text &name) {
  if (of.isUndefined()) {
    fail(describeUndefined(of));
    return {};
  }
  if (of.kind == Kind::Loop)
    return getLoopAttribute(*of.loop, name.bytes);
  if (of.kind == Kind::Namespace) {
    if (const Value *value = of.space->attributes.find(name.bytes))
      return *value;
  } else if (const Builtin *method = findMethod(of, name.bytes)) {
    return makeMethod(method, of);
  } else if (of.kind == Kind::Mapping) {
    if (const Value *value = of.mapping->find(name.bytes))
      return *value;
  }
  if (of.kind != Kind::Text && isChangingMethod(name.bytes) &&
      (of.kind == Kind::Mapping || of.kind == Kind::Sequence)) {
    fail("'" + name.bytes + "' would change " + std::string(typeName(of)) +
         ", which templates must not");
    return {};
  }
  hints.push_back(std::string(typeName(of)) + "'s attribute " + name.bytes);
  heap.bytes += sizeof(std::string) + hints.back().size();
  return Value(&hints.back());
}

Value Interpreter::getItem(const Value &of, const Value &key) {
  if (of.isUndefined()) {
    fail(describeUndefined(of));
    return {};
  }
  if (of.kind == Kind::Mapping) {
    spend(of.mapping->entries.size());
    if (key.kind > Kind::Text)
      return {};
    if (const Value *value = of.mapping->find(key))
      return *value;
  } else if (of.kind == Kind::Sequence && isIndexed(*of.sequence) &&
             key.isWhole()) {
    if (const Value *value = findIndex(*of.sequence, key.whole()))
      return *value;
    return {};
  } else if (of.isText() && key.isWhole()) {
    auto length = static_cast<int64_t>(of.text->countCharacters());
    int64_t index = key.whole() < 0 ? key.whole() + length : key.whole();
    spend(of.text->bytes.size());
    if (index < 0 || index >= length)
      return {};
    return make(of.text->slice(of.text->findCharacter(index),
                               of.text->findCharacter(index + 1)));
  }
  return key.isText() ? getAttribute(of, *key.text) : Value();
}

Value Interpreter::getPath(const Value &of, const Value &path) {
  if (!path.isText())
    return getItem(of, path);
  Value value = of;
  std::string_view rest = path.text->bytes;
  for (;;) {
    size_t dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    bool isIndex = !part.empty() && part.size() < 10 &&
                   part.find_first_not_of("0123456789") == part.npos;
    value =
        getItem(value, isIndex ? Value(int64_t(std::stoi(std::string(part))))
                               : make(std::string(part)));
    if (dot == rest.npos || hasFailed())
      return value;
    rest.remove_prefix(dot + 1);
  }
}

Value Interpreter::getLoopAttribute(const Loop &loop, std::string_view name) {
  auto size = static_cast<int64_t>(loop.items.size());
  auto index = static_cast<int64_t>(loop.index);
  if (name == "index")
    return Value(index + 1);
  if (name == "index0")
    return Value(index);
  if (name == "revindex")
    return Value(size - index);
  if (name == "revindex0")
    return Value(size - index - 1);
  if (name == "first")
    return Value(index == 0);
  if (name == "last")
    return Value(index + 1 == size);
  if (name == "length")
    return Value(size);
  if (name == "depth")
    return Value(loop.depth);
  if (name == "depth0")
    return Value(loop.depth - 1);
  if (name == "previtem")
    return index > 0 ? loop.items[index - 1] : Value();
  if (name == "nextitem")
    return index + 1 < size ? loop.items[index + 1] : Value();
  if (name == "cycle" || name == "changed")
    return makeMethod(
        findFunction(name == "cycle" ? "loop.cycle" : "loop.changed"),
        Value(&loop));
  return {};
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

Value Interpreter::call(const Value &function, const Given &given) {
  Level level(*this);
  if (hasFailed())
    return {};
  if (function.kind == Kind::Loop)
    return callLoop(*function.loop, given);
  if (function.kind != Kind::Function) {
    fail(function.isUndefined()
             ? describeUndefined(function)
             : std::string(typeName(function)) + " cannot be called");
    return {};
  }
  const Function &callee = *function.function;
  return callee.macro ? callMacro(callee, given)
                      : runBuiltin(*callee.builtin, callee.self, given);
}

Value Interpreter::runBuiltin(const Builtin &builtin, const Value &subject,
                              const Given &given) {
  Level level(*this);
  if (hasFailed())
    return {};
  Bound bound;
  bound.all = &given;
  if (builtin.parameters == "*")
    return builtin.run(*this, subject, bound);

  size_t count = 0;
  std::string name(builtin.name);
  for (std::string_view rest = builtin.parameters; !rest.empty(); ++count) {
    size_t comma = std::min(rest.find(','), rest.size());
    std::string_view parameter = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (count < given.positional.size())
      bound.values[count] = &given.positional[count];
    for (const auto &[keyword, value] : given.keywords)
      if (keyword == parameter)
        bound.values[count] = &value;
    if (count < builtin.needed && !bound.has(count))
      fail("'" + name + "' needs the argument '" + std::string(parameter) +
           "'");
  }
  if (given.positional.size() > count)
    fail("'" + name + "' takes " + std::to_string(count) + " arguments, not " +
         std::to_string(given.positional.size()));
  for (const auto &[keyword, value] : given.keywords)
    if (std::ranges::none_of(bound.values,
                             [&](const Value *is) { return is == &value; }))
      fail("'" + name + "' takes no argument '" + keyword + "'");
  return hasFailed() ? Value() : builtin.run(*this, subject, bound);
}

Value Interpreter::callMacro(const Function &function, const Given &given) {
  const Macro &macro = *function.macro;
  Scope *around = std::exchange(scope, makeScope(function.scope));
  Scope *inner = scope;
  size_t count = macro.parameters.size();
  std::vector<bool> isUsed(given.keywords.size());
  for (size_t i = 0; i < count; ++i) {
    const Parameter &parameter = macro.parameters[i];
    const Value *value =
        i < given.positional.size() ? &given.positional[i] : nullptr;
    for (size_t k = 0; k < given.keywords.size() && !value; ++k)
      if (given.keywords[k].first == syntax.names[parameter.name]) {
        value = &given.keywords[k].second;
        isUsed[k] = true;
      }
    if (value)
      inner->set(parameter.name, *value);
    else if (parameter.standard)
      inner->set(parameter.name, evaluate(*parameter.standard));
    else
      inner->set(parameter.name, Value(&syntax.names[parameter.name]));
  }
  if (given.positional.size() > count && !macro.takesRest)
    fail("the macro '" + macro.name + "' takes " + std::to_string(count) +
         " arguments, not " + std::to_string(given.positional.size()));
  if (macro.takesRest)
    inner->set(RestName,
               make(Form::Tuple, {given.positional.begin() +
                                      std::min(count, given.positional.size()),
                                  given.positional.end()}));
  Mapping more;
  Value caller;
  for (size_t k = 0; k < given.keywords.size(); ++k) {
    const auto &[name, value] = given.keywords[k];
    if (isUsed[k])
      continue;
    if (name == "caller" && macro.takesCaller)
      caller = value;
    else if (macro.takesKeywords)
      more.entries.emplace_back(make(name), value);
    else
      fail("the macro '" + macro.name + "' takes no argument '" + name + "'");
  }
  if (macro.takesKeywords)
    inner->set(KeywordsName, make(std::move(more)));
  if (macro.takesCaller)
    inner->set(CallerName, caller);

  Text captured;
  Text *outer = std::exchange(output, &captured);
  run(macro.body);
  output = outer;
  scope = around;
  return make(std::move(captured));
}

Value Interpreter::callLoop(const Loop &loop, const Given &given) {
  if (!loop.statement->isRecursive || given.positional.size() != 1) {
    fail("'loop' can be called with one argument in a recursive loop");
    return {};
  }
  Text captured;
  Text *outer = std::exchange(output, &captured);
  Scope *around = std::exchange(scope, loop.scope);
  runLoop(*loop.statement, given.positional[0], loop.depth + 1);
  scope = around;
  output = outer;
  return make(std::move(captured));
}
