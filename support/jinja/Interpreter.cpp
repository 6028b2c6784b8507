//===- Interpreter.cpp - Runs the statements of a template ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Interpreter.h"

using namespace quipu::jinja;

void Scope::set(NameId name, const Value &value) {
  for (auto &[old, is] : names)
    if (old == name) {
      is = value;
      return;
    }
  names.emplace_back(name, value);
}

Interpreter::Interpreter(const Syntax &syntax, const Mapping &variables,
                         const Limits &limits)
    : limits(limits), syntax(syntax) {
  scope = makeScope(nullptr);
  for (NameId name = 0; name < syntax.names.size(); ++name)
    if (const Value *value = variables.find(syntax.names[name])) {
      scope->set(name, *value);
    } else if (const Builtin *builtin = findFunction(syntax.names[name])) {
      Function &function = functions.emplace_back();
      function.name = builtin->name;
      function.builtin = builtin;
      scope->set(name, Value(&functions.back()));
    }
  scope = makeScope(scope);
}

Mistake Interpreter::run(Text &to) {
  output = &to;
  run(syntax.body);
  return mistake;
}

void Interpreter::fail(std::string message) {
  if (!hasFailed())
    mistake = {line, std::move(message)};
}

bool Interpreter::spend(uint64_t amount) {
  work += amount;
  if (work > limits.work)
    fail("the template does more than a prompt needs, and is stopped");
  else if (heap.bytes > limits.memory)
    fail("the template makes more than " + std::to_string(limits.memory >> 20) +
         " MiB of values");
  return !hasFailed();
}

Scope *Interpreter::makeScope(Scope *parent) {
  heap.bytes += sizeof(Scope);
  Scope &made = scopes.emplace_back();
  made.parent = parent;
  return &made;
}

//===----------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------===//

void Interpreter::emit(const Text &text) {
  if (spend(text.bytes.size()))
    output->append(text);
}

void Interpreter::emitValue(const Value &value) {
  if (value.isText())
    emit(*value.text);
  else
    emit(print(value));
}

Text Interpreter::capture(const Body &body, Scope *parent) {
  Text captured;
  Text *outer = std::exchange(output, &captured);
  Scope *around = std::exchange(scope, makeScope(parent));
  run(body);
  scope = around;
  output = outer;
  return captured;
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

Interpreter::Flow Interpreter::run(const Body &body) {
  for (const Statement *statement : body) {
    if (!spend(64))
      return Flow::Break;
    if (Flow flow = run(*statement); flow != Flow::Next)
      return flow;
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::run(const Statement &statement) {
  using Kind = Statement::Kind;
  line = statement.line;
  switch (statement.kind) {
  case Kind::Data:
    emit(statement.data);
    break;
  case Kind::Print:
    for (const Expression *value : statement.values)
      emitValue(evaluate(*value));
    break;
  case Kind::If:
    return runIf(statement);
  case Kind::For:
    runFor(statement);
    break;
  case Kind::Break:
    return Flow::Break;
  case Kind::Continue:
    return Flow::Continue;
  case Kind::Set:
    assign(statement.targets[0], evaluate(*statement.values[0]));
    break;
  case Kind::SetBlock: {
    Value value = make(capture(statement.bodies[0], scope));
    if (statement.values[0])
      value = evaluateFilter(*statement.values[0], &value);
    assign(statement.targets[0], value);
    break;
  }
  case Kind::FilterBlock: {
    Value body = make(capture(statement.bodies[0], scope));
    emitValue(evaluateFilter(*statement.values[0], &body));
    break;
  }
  case Kind::Macro:
    runMacro(statement);
    break;
  case Kind::CallBlock:
    runCallBlock(statement);
    break;
  case Kind::With: {
    std::vector<Value> values;
    values.reserve(statement.values.size());
    for (const Expression *value : statement.values)
      values.push_back(evaluate(*value));
    Scope *around = std::exchange(scope, makeScope(scope));
    for (size_t i = 0; i < values.size(); ++i)
      assign(statement.targets[i], values[i]);
    Flow flow = run(statement.bodies[0]);
    scope = around;
    return flow;
  }
  case Kind::Generation:
    emit(capture(statement.bodies[0], scope));
    break;
  }
  return hasFailed() ? Flow::Break : Flow::Next;
}

Interpreter::Flow Interpreter::runIf(const Statement &statement) {
  for (size_t i = 0; i < statement.values.size(); ++i) {
    bool holds = isTrue(evaluate(*statement.values[i]));
    if (hasFailed())
      return Flow::Break;
    if (holds)
      return run(statement.bodies[i]);
  }
  return statement.bodies.size() > statement.values.size()
             ? run(statement.bodies.back())
             : Flow::Next;
}

void Interpreter::runFor(const Statement &statement) {
  runLoop(statement, evaluate(*statement.values[0]), 1);
}

void Interpreter::runLoop(const Statement &statement, const Value &over,
                          int64_t depth) {
  Level level(*this);
  const Target &target = statement.targets[0];
  Scope *around = scope;
  Loop &loop = loops.emplace_back();
  loop.statement = &statement;
  loop.scope = around;
  loop.depth = depth;
  if (hasFailed() || !iterate(over, loop.items))
    return;
  heap.bytes += sizeof(Loop) + loop.items.size() * sizeof(Value);
  scope = makeScope(around);
  if (statement.condition) {
    std::vector<Value> kept;
    for (const Value &item : loop.items) {
      assign(target, item);
      if (isTrue(evaluate(*statement.condition)))
        kept.push_back(item);
      if (!spend(64))
        break;
    }
    loop.items = std::move(kept);
  }
  for (; loop.index < loop.items.size() && spend(64); ++loop.index) {
    if (scope->isKept)
      scope = makeScope(around);
    scope->names.clear();
    scope->names.emplace_back(LoopName, Value(&loop));
    assign(target, loop.items[loop.index]);
    if (run(statement.bodies[0]) == Flow::Break)
      break;
  }
  scope = around;
  if (loop.items.empty() && statement.bodies.size() > 1 && !hasFailed()) {
    scope = makeScope(around);
    run(statement.bodies[1]);
    scope = around;
  }
}

static void keep(Scope *scope) {
  for (; scope && !scope->isKept; scope = scope->parent)
    scope->isKept = true;
}

void Interpreter::runMacro(const Statement &statement) {
  keep(scope);
  Function &function = functions.emplace_back();
  function.name = statement.macro.name;
  function.macro = &statement.macro;
  function.scope = scope;
  assign(statement.targets[0], Value(&functions.back()));
}

void Interpreter::runCallBlock(const Statement &statement) {
  keep(scope);
  Function &function = functions.emplace_back();
  function.name = statement.macro.name;
  function.macro = &statement.macro;
  function.scope = scope;
  Value caller(&functions.back());
  emitValue(evaluateCall(*statement.values[0], &caller));
}

void Interpreter::assign(const Target &target, const Value &value) {
  if (target.isTuple) {
    std::vector<Value> parts;
    if (!iterate(value, parts))
      return;
    if (parts.size() != target.parts.size())
      return fail("cannot unpack " + std::to_string(parts.size()) +
                  " values into " + std::to_string(target.parts.size()));
    for (size_t i = 0; i < parts.size(); ++i)
      assign(target.parts[i], parts[i]);
    return;
  }
  if (target.attribute.empty())
    return scope->set(target.name, value);
  Value space;
  for (Scope *in = scope; in; in = in->parent)
    for (const auto &[name, is] : in->names)
      if (name == target.name && space.isUndefined())
        space = is;
  if (space.kind != Kind::Namespace)
    return fail("'" + syntax.names[target.name] +
                "' is no namespace, whose attributes can be set");
  Mapping &attributes = space.space->attributes;
  for (auto &[name, is] : attributes.entries)
    if (name.text->bytes == target.attribute) {
      is = value;
      return;
    }
  heap.bytes += 2 * sizeof(Value);
  attributes.entries.emplace_back(Value(heap.make(Text(target.attribute))),
                                  value);
}
