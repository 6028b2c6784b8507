//===- TrieBuilder.h - Keys as a double array -------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_TOKENIZER_TRIEBUILDER_H
#define QUIPU_COMPILER_FRONTEND_TOKENIZER_TRIEBUILDER_H

#include "abi/TokenizerImage.h"
#include <map>
#include <string>
#include <vector>

namespace quipu {

/// The nodes of a trie that finds `keys`, none of which is empty; nothing when
/// there are no keys.
std::vector<TrieNode> buildTrie(const std::map<std::string, int32_t> &keys);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_TOKENIZER_TRIEBUILDER_H
