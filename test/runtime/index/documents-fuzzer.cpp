//===- documents-fuzzer.cpp - Broken documents, cut into passages ---------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: documents-fuzzer ROUNDS FILE...
//
// Cuts ROUNDS mixtures and mutations of the files into passages, as each kind
// of document, always the same ones; then long documents of one repeated piece.
// Built with -fsanitize=fuzzer and -DQUIPU_LIBFUZZER, libFuzzer drives it.
//
//===----------------------------------------------------------------------===//

#include "runtime/index/Passages.h"
#include "support/Utf8.h"
#include "test/Mutations.h"
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace quipu;

[[noreturn]] static void die(const char *what) {
  std::cerr << what << '\n';
  abort();
}

/// Groups of four bytes stand for tokens.
static int32_t countTokens(std::string_view text) {
  return static_cast<int32_t>((text.size() + 3) / 4);
}

static size_t countLetters(std::string_view text) {
  return text.size() - std::count_if(text.begin(), text.end(), [](char c) {
           return c == ' ' || c == '\t' || c == '\n';
         });
}

/// Returns how many passages there are.
static size_t cut(DocumentKind kind, std::string_view document) {
  constexpr PassageLimits limits = {24, 8};
  std::vector<Block> blocks = readBlocks(kind, document);
  auto lines = static_cast<int32_t>(
      std::count(document.begin(), document.end(), '\n') + 1);
  size_t letters = 0, found = 0, headings = 0;
  for (const Block &block : blocks) {
    if (block.text.empty() || block.lines.empty())
      die("a block is empty");
    (block.kind == Block::Heading ? headings : letters) +=
        countLetters(block.text);
  }
  std::vector<Passage> passages = splitPassages(blocks, limits, countTokens);
  for (const Passage &passage : passages) {
    if (passage.firstLine < 1 || passage.firstLine > passage.lastLine ||
        passage.lastLine > lines)
      die("a passage has no lines");
    if (!isUtf8(passage.whole()))
      die("a character is cut");
    if (countTokens(passage.whole()) > limits.tokens + 2)
      die("a passage is too long");
    found += countLetters(passage.text);
  }
  // Nothing is lost, and only headings may be left to titles.
  if (found < letters || found > letters + headings)
    die("a passage lacks text");
  return passages.size();
}

static size_t cutAll(std::string_view bytes) {
  std::string document;
  appendAsUtf8(document, bytes);
  return cut(DocumentKind::Text, document) +
         cut(DocumentKind::Markdown, document) +
         cut(DocumentKind::Html, document);
}

#ifdef QUIPU_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cutAll({reinterpret_cast<const char *>(data), size});
  return 0;
}
#else
/// A megabyte each: what takes more than linear time would not end.
static void cutLong() {
  for (std::string_view piece :
       {"a",        " ",     "\n",   "#",     "# a\n",    "`",        "```\n",
        "](",       "[a](",  "<",    "<a ",   "<a '",     "</",       "<!--",
        "<script>", "<pre>", "&",    "&amp;", "\"",       "\" ",      "- a\n",
        "a. ",      "| ",    "<li>", "---\n", "a\n---\n", "\xc3\xa4", ")("}) {
    std::string document;
    while (document.size() < 1 << 20)
      document += piece;
    cutAll(document);
  }
}

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: documents-fuzzer ROUNDS FILE...");
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i) {
    std::stringstream all;
    all << std::ifstream(argv[i]).rdbuf();
    seeds.push_back(all.str());
  }
  Mutations mutations(std::move(seeds), /*longest=*/60);
  unsigned rounds = std::stoul(argv[1]);
  size_t passages = 0;
  for (unsigned round = 0; round < rounds; ++round)
    passages += cutAll(mutations.next());
  cutLong();
  std::cout << rounds << " documents, " << passages << " passages\n";
}
#endif
