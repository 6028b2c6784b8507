//===- Unigram.cpp - The most probable tokens of a word -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Unigram.h"
#include <limits>

using namespace quipu;

void Unigram::encode(std::string_view word, std::vector<int32_t> &ids) {
  constexpr double unreached = -std::numeric_limits<double>::infinity();
  steps.assign(word.size() + 1, {unreached, 0, noToken});
  steps[0].score = 0;
  for (size_t begin = 0; begin < word.size();) {
    size_t character = begin + getCharacterBytes(word[begin]);
    double score = steps[begin].score;
    auto reach = [&](size_t end, double more, int32_t id) {
      if (score + more > steps[end].score)
        steps[end] = {score + more, begin, id};
    };
    bool hasCharacter = false;
    uint32_t node = Trie::root;
    for (size_t end = begin; end < word.size();) {
      node = trie.getChild(node, word[end++]);
      if (node == Trie::none)
        break;
      int32_t id = trie.getValue(node);
      if (id == noToken)
        continue;
      reach(end, vocabulary.getScore(id), id);
      hasCharacter |= end == character;
    }
    if (!hasCharacter)
      reach(character, image.unknownScore, noToken);
    begin = character;
  }

  ends.clear();
  for (size_t end = word.size(); end != 0; end = steps[end].begin)
    ends.push_back(end);
  bool wasUnknown = false;
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    const Step &step = steps[*end];
    bool isUnknown = step.id == noToken;
    size_t before = ids.size();
    if (!isUnknown)
      ids.push_back(step.id);
    else
      vocabulary.appendUnknown(word.substr(step.begin, *end - step.begin), ids);
    bool isOne =
        isUnknown && ids.size() == before + 1 && ids.back() == image.unknown;
    if (isOne && wasUnknown && image.fuseUnknown)
      ids.pop_back();
    wasUnknown = isOne;
  }
}
