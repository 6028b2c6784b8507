//===- Mutations.h - Texts for fuzzers that run in the suite ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_MUTATIONS_H
#define QUIPU_TEST_MUTATIONS_H

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace quipu {

/// Mutations and mixtures of good texts, always the same ones.
class Mutations {
public:
  /// Pieces of other texts have less than `longest` bytes.
  Mutations(std::vector<std::string> seeds, size_t longest)
      : seeds(std::move(seeds)), longest(longest) {}

  std::string next() {
    std::string text = seeds[pick(seeds.size())];
    for (size_t change = 1 + pick(6); change != 0; --change) {
      const std::string &other = seeds[pick(seeds.size())];
      size_t at = pick(text.size()), from = pick(other.size());
      switch (pick(5)) {
      case 0:
        text.insert(at, other.substr(from, pick(longest)));
        break;
      case 1:
        text.erase(at, pick(longest));
        break;
      case 2:
        text.replace(at, pick(10), other.substr(from, pick(longest)));
        break;
      case 3:
        text += other;
        break;
      default:
        if (!text.empty())
          text[at] = static_cast<char>(random());
      }
    }
    return text;
  }

private:
  size_t pick(size_t count) { return random() % std::max<size_t>(count, 1); }

  std::vector<std::string> seeds;
  size_t longest;
  std::mt19937_64 random{1};
};

} // namespace quipu

#endif // QUIPU_TEST_MUTATIONS_H
