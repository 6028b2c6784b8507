//===- BuiltinTables.h - What the tables of builtins name -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_SUPPORT_JINJA_BUILTINTABLES_H
#define QUIPU_SUPPORT_JINJA_BUILTINTABLES_H

#include "support/jinja/Interpreter.h"
#include <algorithm>

namespace quipu::jinja {

#define QUIPU_BUILTIN(name)                                                    \
  Value name(Interpreter &, const Value &subject, const Bound &given);

namespace filters {
#define QUIPU_FILTER(name, function, parameters, needed) QUIPU_BUILTIN(function)
#include "support/jinja/Filters.def"
} // namespace filters

namespace tests {
#define QUIPU_TEST(name, function, parameters, needed) QUIPU_BUILTIN(function)
#include "support/jinja/Tests.def"
} // namespace tests

namespace methods {
#define QUIPU_METHOD(of, name, function, parameters, needed)                   \
  QUIPU_BUILTIN(function)
#include "support/jinja/Methods.def"
} // namespace methods

#undef QUIPU_BUILTIN

/// Python's replace: at most `count` times, or always if it is negative.
Value replaceText(Interpreter &in, const Text &text, const Text &old,
                  const Text &by, int64_t count);
/// Lines without their ends, or with them if it `keeps` them.
std::vector<ByteSpan> splitLines(std::string_view text, bool keeps);

/// The indices of keys in their order, of equal ones that which they have.
std::vector<size_t> sortIndices(Interpreter &in, const std::vector<Value> &keys,
                                bool isReversed);

/// Sorts by what `keyOf` gives; what is equal keeps its order.
template <typename Item, typename KeyOf>
void sortValues(Interpreter &in, std::vector<Item> &items, KeyOf keyOf,
                bool isReversed) {
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Item &item : items)
    keys.push_back(keyOf(item));
  std::vector<Item> sorted;
  for (size_t index : sortIndices(in, keys, isReversed))
    sorted.push_back(items[index]);
  items = std::move(sorted);
}

} // namespace quipu::jinja

#endif // QUIPU_SUPPORT_JINJA_BUILTINTABLES_H
