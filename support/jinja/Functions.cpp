//===- Functions.cpp - Functions, and methods of lists and mappings -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"

using namespace quipu::jinja;

//===----------------------------------------------------------------------===//
// Lists and mappings
//===----------------------------------------------------------------------===//

Value methods::countItems(Interpreter &in, const Value &self,
                          const Bound &given) {
  return Value(static_cast<int64_t>(
      std::ranges::count_if(self.sequence->items, [&](const Value &item) {
        return in.isEqual(item, *given[0]);
      })));
}

Value methods::indexOfItem(Interpreter &in, const Value &self,
                           const Bound &given) {
  const std::vector<Value> &items = self.sequence->items;
  for (size_t i = 0; i < items.size(); ++i)
    if (in.isEqual(items[i], *given[0]))
      return Value(static_cast<int64_t>(i));
  in.fail("'index' does not find the value");
  return {};
}

Value methods::get(Interpreter &in, const Value &self, const Bound &given) {
  in.spend(self.mapping->entries.size());
  if (const Value *value = self.mapping->find(*given[0]))
    return *value;
  return given.has(1) ? *given[1] : Value::none();
}

Value methods::itemsOf(Interpreter &in, const Value &self, const Bound &) {
  std::vector<Value> pairs;
  pairs.reserve(self.mapping->entries.size());
  for (const auto &[key, value] : self.mapping->entries)
    pairs.push_back(in.make(Form::Tuple, {key, value}));
  return in.make(Form::Items, std::move(pairs));
}

Value methods::keysOf(Interpreter &in, const Value &self, const Bound &) {
  std::vector<Value> keys;
  in.iterate(self, keys);
  return in.make(Form::Keys, std::move(keys));
}

Value methods::valuesOf(Interpreter &in, const Value &self, const Bound &) {
  std::vector<Value> values;
  values.reserve(self.mapping->entries.size());
  for (const auto &[key, value] : self.mapping->entries)
    values.push_back(value);
  return in.make(Form::Values, std::move(values));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A mapping of a mapping, or of pairs, and of keywords.
static Mapping collect(Interpreter &in, const Given &given) {
  Mapping mapping;
  if (given.positional.size() > 1)
    in.fail("a mapping is made of one other at most");
  if (!given.positional.empty()) {
    const Value &of = given.positional[0];
    if (of.kind == Kind::Mapping) {
      mapping = *of.mapping;
    } else {
      std::vector<Value> pairs;
      in.iterate(of, pairs);
      for (const Value &pair : pairs) {
        std::vector<Value> parts;
        if (!in.iterate(pair, parts) || parts.size() != 2 ||
            parts[0].kind > Kind::Text) {
          in.fail("a mapping is made of pairs of key and value");
          break;
        }
        if (in.spend(mapping.entries.size()))
          mapping.set(parts[0], parts[1]);
      }
    }
  }
  for (const auto &[name, value] : given.keywords)
    mapping.set(in.make(name), value);
  return mapping;
}

Value methods::dict(Interpreter &in, const Value &, const Bound &given) {
  return in.make(collect(in, *given.all));
}

Value methods::makeSpace(Interpreter &in, const Value &, const Bound &given) {
  Mapping attributes = collect(in, *given.all);
  for (const auto &[name, value] : attributes.entries)
    in.expectText(name, "an attribute of a namespace");
  return in.hasFailed() ? Value() : in.makeNamespace(std::move(attributes));
}

Value methods::raiseException(Interpreter &in, const Value &,
                              const Bound &given) {
  in.fail("the template refuses: " + in.print(*given[0]).bytes);
  return {};
}

Value methods::range(Interpreter &in, const Value &, const Bound &given) {
  constexpr uint64_t most = 100000; // as Jinja's sandbox has it
  std::vector<int64_t> bounds;
  bounds.reserve(given.all->positional.size());
  for (const Value &bound : given.all->positional)
    bounds.push_back(in.expectWhole(bound, "'range'"));
  if (bounds.empty() || bounds.size() > 3 || !given.all->keywords.empty())
    in.fail("'range' takes one to three numbers");
  if (in.hasFailed())
    return {};
  if (bounds.size() == 1)
    bounds.insert(bounds.begin(), 0);
  int64_t step = bounds.size() == 3 ? bounds[2] : 1;
  std::vector<Value> items;
  int64_t at = bounds[0];
  if (step == 0)
    in.fail("the step of 'range' is zero");
  while (!in.hasFailed() && (step < 0 ? at > bounds[1] : at < bounds[1])) {
    if (items.size() == most)
      in.fail("'range' has more than " + std::to_string(most) + " numbers");
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at))
      break;
  }
  return in.make(Form::Range, std::move(items));
}

Value methods::strftimeNow(Interpreter &in, const Value &, const Bound &given) {
  const Text *format = in.expectText(*given[0], "'strftime_now'");
  if (!format)
    return {};
  if (format->bytes.size() > 200) {
    in.fail("the format of 'strftime_now' is long");
    return {};
  }
  std::tm now = {};
  localtime_r(&in.limits.now, &now);
  // A byte more, to tell an empty text from one that does not fit.
  char text[4096];
  size_t bytes =
      strftime(text, sizeof(text), (format->bytes + " ").c_str(), &now);
  return in.make(std::string(text, bytes - (bytes != 0)));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value methods::loopCycle(Interpreter &in, const Value &self,
                         const Bound &given) {
  const std::vector<Value> &values = given.all->positional;
  if (values.empty()) {
    in.fail("'loop.cycle' needs values");
    return {};
  }
  return values[self.loop->index % values.size()];
}

Value methods::loopChanged(Interpreter &in, const Value &self,
                           const Bound &given) {
  const std::vector<Value> &values = given.all->positional;
  std::optional<std::vector<Value>> &last = self.loop->last;
  bool isSame = last && std::ranges::equal(*last, values,
                                           [&](const Value &a, const Value &b) {
                                             return in.isEqual(a, b);
                                           });
  last = values;
  return Value(!isSame);
}
