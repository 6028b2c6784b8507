//===- passages-dump.cpp - Print the passages of a document ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: passages-dump FILE blocks | FILE TOKENS CONTEXT
//
// Prints the blocks of a document, or its passages. A token is a word.
//
//===----------------------------------------------------------------------===//

#include "runtime/index/DocumentFiles.h"
#include "runtime/index/Passages.h"
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace quipu;

static int32_t countWords(std::string_view text) {
  int32_t words = 0;
  bool isInWord = false;
  for (char letter : text) {
    bool isBlank = letter == ' ' || letter == '\n' || letter == '\t';
    words += !isBlank && !isInWord;
    isInWord = !isBlank;
  }
  return words;
}

static void printBlock(const Block &block) {
  std::string kind = block.kind == Block::Prose ? "prose"
                     : block.kind == Block::Code
                         ? "code"
                         : "h" + std::to_string(block.level);
  printf("%s %d-%d <%s>\n", kind.c_str(), block.lineOf(0),
         block.lineOf(block.text.size() - 1), block.text.c_str());
}

static void printPassage(const Passage &passage) {
  printf("%d-%d %d [%s] (%s) <%s>\n", passage.firstLine, passage.lastLine,
         countWords(passage.whole()), passage.title.c_str(),
         passage.context.c_str(), passage.text.c_str());
}

int main(int argc, char **argv) {
  if (argc < 3)
    return 2;
  DocumentFile file = {argv[1], 0, 0};
  DocumentContent content;
  if (std::string error = readDocument(file, content); !error.empty()) {
    fprintf(stderr, "passages-dump: error: %s\n", error.c_str());
    return 1;
  }
  std::vector<Block> blocks =
      readBlocks(findDocumentKind(file.path), content.bytes);
  if (argc == 3) {
    for (const Block &block : blocks)
      printBlock(block);
    return 0;
  }
  PassageLimits limits = {atoi(argv[2]), atoi(argv[3])};
  for (const Passage &passage : splitPassages(blocks, limits, countWords))
    printPassage(passage);
}
