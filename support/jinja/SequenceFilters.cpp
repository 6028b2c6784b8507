//===- SequenceFilters.cpp - Filters of sequences and mappings ------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/jinja/BuiltinTables.h"
#include "support/jinja/Characters.h"
#include "support/jinja/Interpreter.h"
#include <algorithm>

using namespace quipu::jinja;

/// Texts that differ in their case only are equal to most filters.
static Value foldCase(Interpreter &in, const Value &value, bool isSensitive) {
  return isSensitive || !value.isText() ? value
                                        : in.make(toLower(value.text->bytes));
}

static bool flag(Interpreter &in, const Value *value) {
  return value && in.isTrue(*value);
}

/// `value`, or what `path`, if there is one, finds in it.
static Value lookUp(Interpreter &in, const Value &value, const Value *path) {
  return path && !path->isNone() ? in.getPath(value, *path) : value;
}

std::vector<size_t> quipu::jinja::sortIndices(Interpreter &in,
                                              const std::vector<Value> &keys,
                                              bool isReversed) {
  // A merge from pairs up: whatever comparisons say, indices stay in bounds.
  std::vector<size_t> order(keys.size()), merged(keys.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  for (size_t width = 1; width < order.size(); width *= 2) {
    for (size_t begin = 0; begin < order.size(); begin += 2 * width) {
      size_t middle = std::min(begin + width, order.size());
      size_t end = std::min(begin + 2 * width, order.size());
      size_t left = begin, right = middle;
      for (size_t to = begin; to < end; ++to) {
        bool takesRight = left == middle;
        if (left < middle && right < end) {
          const Value &a = keys[order[left]], &b = keys[order[right]];
          takesRight = isReversed ? in.isLess(a, b) : in.isLess(b, a);
        }
        merged[to] = order[takesRight ? right++ : left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

Value filters::length(Interpreter &in, const Value &value, const Bound &) {
  in.spend(value.isText() ? value.text->bytes.size() : 0);
  std::optional<size_t> count = in.getLength(value);
  if (!count)
    in.fail(std::string(in.typeName(value)) + " has no length");
  return Value(static_cast<int64_t>(count.value_or(0)));
}

Value filters::list(Interpreter &in, const Value &value, const Bound &) {
  std::vector<Value> items;
  in.iterate(value, items);
  return in.make(Form::List, std::move(items));
}

Value filters::items(Interpreter &in, const Value &value, const Bound &) {
  std::vector<Value> pairs;
  if (value.kind == Kind::Mapping)
    for (const auto &[key, is] : value.mapping->entries)
      pairs.push_back(in.make(Form::Tuple, {key, is}));
  else if (!value.isUndefined())
    in.fail("'items' needs a mapping, not " + std::string(in.typeName(value)));
  return in.make(Form::Generator, std::move(pairs));
}

Value filters::standard(Interpreter &in, const Value &value,
                        const Bound &given) {
  bool replaces =
      value.isUndefined() || (flag(in, given[1]) && !in.isTrue(value));
  if (!replaces)
    return value;
  return given.has(0) ? *given[0] : in.make(std::string());
}

Value filters::first(Interpreter &in, const Value &value, const Bound &) {
  std::vector<Value> items;
  return in.iterate(value, items) && !items.empty() ? items[0] : Value();
}

Value filters::last(Interpreter &in, const Value &value, const Bound &) {
  std::vector<Value> items;
  if (value.kind == Kind::Sequence && value.sequence->form == Form::Generator)
    in.fail("'last' of an iterator; make it a list");
  return in.iterate(value, items) && !items.empty() ? items.back() : Value();
}

Value filters::join(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items;
  in.iterate(value, items);
  Text separator = given.has(0) ? in.print(*given[0]) : Text();
  Text result;
  for (size_t i = 0; i < items.size() && in.spend(separator.bytes.size());
       ++i) {
    if (i != 0)
      result.append(separator);
    in.printInto(result, lookUp(in, items[i], given[1]));
  }
  return in.make(std::move(result));
}

Value filters::reverse(Interpreter &in, const Value &value, const Bound &) {
  std::vector<Value> items;
  in.iterate(value, items);
  std::ranges::reverse(items);
  if (!value.isText())
    return in.make(Form::Generator, std::move(items));
  Text text;
  for (const Value &character : items)
    text.append(*character.text);
  return in.make(std::move(text));
}

Value filters::sort(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items;
  in.iterate(value, items);
  bool isSensitive = flag(in, given[1]);
  std::vector<Value> paths;
  if (given.has(2) && given[2]->isText()) {
    std::string_view rest = given[2]->text->bytes;
    for (size_t comma = 0; comma != rest.npos;) {
      comma = rest.find(',');
      paths.push_back(in.make(std::string(rest.substr(0, comma))));
      rest.remove_prefix(std::min(comma, rest.size() - 1) + 1);
    }
  } else if (given.has(2) && !given[2]->isNone()) {
    paths.push_back(*given[2]);
  }
  auto keyOf = [&](const Value &item) {
    std::vector<Value> keys;
    keys.reserve(paths.size() + 1);
    for (const Value &path : paths)
      keys.push_back(foldCase(in, in.getPath(item, path), isSensitive));
    if (paths.empty())
      keys.push_back(foldCase(in, item, isSensitive));
    return in.make(Form::List, std::move(keys));
  };
  sortValues(in, items, keyOf, flag(in, given[0]));
  return in.make(Form::List, std::move(items));
}

Value filters::dictsort(Interpreter &in, const Value &value,
                        const Bound &given) {
  if (value.kind != Kind::Mapping) {
    in.fail("'dictsort' needs a mapping, not " +
            std::string(in.typeName(value)));
    return {};
  }
  bool isSensitive = flag(in, given[0]);
  bool byValue = false;
  if (given.has(1))
    if (const Text *by = in.expectText(*given[1], "'dictsort'")) {
      byValue = by->bytes == "value";
      if (!byValue && by->bytes != "key")
        in.fail("'dictsort' sorts by key or value");
    }
  auto entries = value.mapping->entries;
  sortValues(
      in, entries,
      [&](const auto &entry) {
        return foldCase(in, byValue ? entry.second : entry.first, isSensitive);
      },
      flag(in, given[2]));
  std::vector<Value> pairs;
  pairs.reserve(entries.size());
  for (const auto &[key, is] : entries)
    pairs.push_back(in.make(Form::Tuple, {key, is}));
  return in.make(Form::List, std::move(pairs));
}

Value filters::unique(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items, seen, kept;
  in.iterate(value, items);
  for (const Value &item : items) {
    Value key = foldCase(in, lookUp(in, item, given[1]), flag(in, given[0]));
    if (key.kind > Kind::Text && key.kind != Kind::Sequence)
      in.fail("'unique' of " + std::string(in.typeName(key)));
    if (in.hasFailed() || std::ranges::any_of(seen, [&](const Value &other) {
          return in.isEqual(key, other);
        }))
      continue;
    seen.push_back(key);
    kept.push_back(item);
  }
  return in.make(Form::Generator, std::move(kept));
}

static Value extreme(Interpreter &in, const Value &value, const Bound &given,
                     bool isMost) {
  std::vector<Value> items;
  in.iterate(value, items);
  if (items.empty())
    return {};
  auto keyOf = [&](const Value &item) {
    return foldCase(in, lookUp(in, item, given[1]), flag(in, given[0]));
  };
  Value best = items[0], bestKey = keyOf(best);
  for (const Value &item : items) {
    Value key = keyOf(item);
    if (isMost ? in.isLess(bestKey, key) : in.isLess(key, bestKey)) {
      best = item;
      bestKey = key;
    }
  }
  return best;
}

Value filters::min(Interpreter &in, const Value &value, const Bound &given) {
  return extreme(in, value, given, false);
}

Value filters::max(Interpreter &in, const Value &value, const Bound &given) {
  return extreme(in, value, given, true);
}

Value filters::sum(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items;
  in.iterate(value, items);
  Value total = given.has(1) ? *given[1] : Value(int64_t(0));
  for (const Value &item : items)
    total = in.combine(Expression::Op::Add, total, lookUp(in, item, given[0]));
  return total;
}

Value filters::batch(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items, rows;
  in.iterate(value, items);
  int64_t count = in.expectWhole(*given[0], "'batch'");
  if (count < 1 || count > (1 << 20)) {
    in.fail("'batch' needs a number from 1 to " + std::to_string(1 << 20));
    return {};
  }
  for (size_t i = 0; i < items.size(); i += count) {
    std::vector<Value> row(items.begin() + i,
                           items.begin() + std::min(items.size(), i + count));
    if (given.has(1) && !given[1]->isNone())
      row.resize(count, *given[1]);
    rows.push_back(in.make(Form::List, std::move(row)));
  }
  return in.make(Form::Generator, std::move(rows));
}

Value filters::slice(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items, rows;
  in.iterate(value, items);
  int64_t count = in.expectWhole(*given[0], "'slice'");
  if (count < 1 || count > (1 << 20)) {
    in.fail("'slice' needs a number from 1 to " + std::to_string(1 << 20));
    return {};
  }
  size_t each = items.size() / count, longer = items.size() % count, at = 0;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    size_t end = at + each + (i < longer);
    std::vector<Value> row(items.begin() + at, items.begin() + end);
    if (given.has(1) && !given[1]->isNone() && i >= longer)
      row.push_back(*given[1]);
    rows.push_back(in.make(Form::List, std::move(row)));
    at = end;
  }
  return in.make(Form::Generator, std::move(rows));
}

Value filters::groupby(Interpreter &in, const Value &value,
                       const Bound &given) {
  std::vector<Value> items, groups;
  in.iterate(value, items);
  bool isSensitive = flag(in, given[2]);
  auto plainKey = [&](const Value &item) {
    Value key = in.getPath(item, *given[0]);
    return key.isUndefined() && given.has(1) ? *given[1] : key;
  };
  auto keyOf = [&](const Value &item) {
    return foldCase(in, plainKey(item), isSensitive);
  };
  sortValues(in, items, keyOf, false);
  for (size_t i = 0; i < items.size() && !in.hasFailed();) {
    Value key = keyOf(items[i]);
    std::vector<Value> group;
    size_t first = i;
    for (; i < items.size() && in.isEqual(keyOf(items[i]), key); ++i)
      group.push_back(items[i]);
    i += group.empty();
    groups.push_back(
        in.make(Form::Tuple, {plainKey(items[first]),
                              in.make(Form::List, std::move(group))}));
  }
  return in.make(Form::List, std::move(groups));
}

Value filters::attr(Interpreter &in, const Value &value, const Bound &given) {
  const Text *name = in.expectText(*given[0], "'attr'");
  // Unlike x.name it does not see what a mapping holds.
  if (!name || (value.kind == Kind::Mapping && !findMappingMethod(name->bytes)))
    return {};
  return in.getAttribute(value, *name);
}

//===----------------------------------------------------------------------===//
// Filters and tests for each item
//===----------------------------------------------------------------------===//

static Given dropFront(const Given &given, size_t count) {
  Given rest = given;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() +
                            std::min(count, rest.positional.size()));
  return rest;
}

/// The items of what is true: anything else counts as empty.
static std::vector<Value> itemsIfAny(Interpreter &in, const Value &value) {
  std::vector<Value> items;
  if (in.isTrue(value))
    in.iterate(value, items);
  return items;
}

Value filters::map(Interpreter &in, const Value &value, const Bound &given) {
  std::vector<Value> items = itemsIfAny(in, value), mapped;
  const Given &all = *given.all;
  if (all.positional.empty()) {
    const Value *path = nullptr, *otherwise = nullptr;
    for (const auto &[name, is] : all.keywords)
      (name == "attribute" ? path : otherwise) = &is;
    if (!path)
      in.fail("'map' needs a filter or an attribute");
    for (const Value &item : items) {
      Value found = lookUp(in, item, path);
      mapped.push_back(found.isUndefined() && otherwise ? *otherwise : found);
    }
    return in.make(Form::Generator, std::move(mapped));
  }
  const Text *name = in.expectText(all.positional[0], "'map'");
  const Builtin *filter = name ? findFilter(name->bytes) : nullptr;
  if (!filter) {
    in.fail("'map' needs the name of a filter");
    return {};
  }
  Given rest = dropFront(all, 1);
  for (const Value &item : items)
    mapped.push_back(in.runBuiltin(*filter, item, rest));
  return in.make(Form::Generator, std::move(mapped));
}

/// Items for which a test, or their truth, is `wanted`.
static Value choose(Interpreter &in, const Value &value, const Bound &given,
                    bool byAttribute, bool wanted) {
  std::vector<Value> items = itemsIfAny(in, value), chosen;
  const Given &all = *given.all;
  size_t used = byAttribute;
  if (all.positional.size() < used) {
    in.fail("'selectattr' and 'rejectattr' need an attribute");
    return {};
  }
  const Builtin *test = nullptr;
  if (all.positional.size() > used) {
    const Text *name = in.expectText(all.positional[used], "a test's name");
    test = name ? findTest(name->bytes) : nullptr;
    if (!test) {
      in.fail("there is no test '" + (name ? name->bytes : "") + "'");
      return {};
    }
  }
  Given rest = dropFront(all, used + 1);
  for (const Value &item : items) {
    Value tested = byAttribute ? in.getPath(item, all.positional[0]) : item;
    if (test)
      tested = in.runBuiltin(*test, tested, rest);
    if (in.isTrue(tested) == wanted)
      chosen.push_back(item);
    if (!in.spend(64))
      break;
  }
  return in.make(Form::Generator, std::move(chosen));
}

Value filters::select(Interpreter &in, const Value &value, const Bound &given) {
  return choose(in, value, given, false, true);
}
Value filters::reject(Interpreter &in, const Value &value, const Bound &given) {
  return choose(in, value, given, false, false);
}
Value filters::selectattr(Interpreter &in, const Value &value,
                          const Bound &given) {
  return choose(in, value, given, true, true);
}
Value filters::rejectattr(Interpreter &in, const Value &value,
                          const Bound &given) {
  return choose(in, value, given, true, false);
}
