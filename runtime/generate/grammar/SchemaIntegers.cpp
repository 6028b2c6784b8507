//===- SchemaIntegers.cpp - Integers of a range ---------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/JsonSchema.h"
#include <algorithm>
#include <limits>

using namespace quipu;

/// As many digits as llama.cpp writes without a bound.
static constexpr size_t unboundedDigits = 16;

static std::string digits(char low, char high) {
  return low == high ? std::string("\"") + low + "\""
                     : std::string("[") + low + "-" + high + "]";
}

static std::string anyDigits(size_t count) {
  return count == 0 ? "" : " [0-9]{" + std::to_string(count) + "}";
}

/// Numbers of equally many digits, `low` to `high`.
static std::string between(std::string_view low, std::string_view high) {
  size_t rest = low.size() - 1;
  bool isAll = low.find_first_not_of('0') == low.npos &&
               high.find_first_not_of('9') == high.npos;
  if (isAll)
    return low.size() == 1 ? "[0-9]" : anyDigits(low.size()).substr(1);
  if (rest == 0)
    return digits(low[0], high[0]);
  if (low[0] == high[0])
    return digits(low[0], low[0]) + " " +
           between(low.substr(1), high.substr(1));
  std::string zeros(rest, '0'), nines(rest, '9'), text;
  char first = low[0], last = high[0];
  auto append = [&](const std::string &alternative) {
    text += (text.empty() ? "" : " | ") + alternative;
  };
  if (low.substr(1) != zeros)
    append(digits(first, first) + " " + between(low.substr(1), nines)), ++first;
  bool hasTop = high.substr(1) == nines;
  if (char top = static_cast<char>(hasTop ? last : last - 1); first <= top)
    append(digits(first, top) + anyDigits(rest));
  if (!hasTop)
    append(digits(last, last) + " " + between(zeros, high.substr(1)));
  return "(" + text + ")";
}

/// Numbers without a sign; `high` none: up to so many digits.
static std::string upTo(uint64_t low, std::optional<uint64_t> high) {
  std::string from = std::to_string(low), to, text;
  if (high)
    to = std::to_string(*high);
  else
    to.assign(std::max(from.size(), unboundedDigits), '9');
  for (size_t length = from.size(); length <= to.size(); ++length) {
    // The last lengths together, where all of their numbers are meant.
    bool isWhole =
        from.size() > 1 && from == "1" + std::string(length - 1, '0');
    if (isWhole && to.find_first_not_of('9') == to.npos) {
      text += (text.empty() ? "" : " | ") + std::string("[1-9] [0-9]{") +
              std::to_string(length - 1) + "," + std::to_string(to.size() - 1) +
              "}";
      break;
    }
    std::string last = length < to.size() ? std::string(length, '9') : to;
    text += (text.empty() ? "" : " | ") + between(from, last);
    from = "1" + std::string(length, '0');
  }
  return text;
}

std::string quipu::gbnfOfIntegers(std::optional<int64_t> low,
                                  std::optional<int64_t> high) {
  // The lowest integer has no negative one of as many bits.
  auto negative = [](int64_t number) { return uint64_t(0) - uint64_t(number); };
  std::string text;
  if (!low || *low < 0) {
    uint64_t from = high && *high < 0 ? negative(*high) : low ? 0 : 1;
    text = "\"-\" (" +
           upTo(from, low ? std::optional(negative(*low)) : std::nullopt) + ")";
  }
  if (!high || *high >= 0) {
    std::optional<uint64_t> to;
    if (high)
      to = uint64_t(*high);
    text += (text.empty() ? "" : " | ") +
            upTo(low ? uint64_t(std::max<int64_t>(*low, 0)) : 0, to);
  }
  return text;
}
