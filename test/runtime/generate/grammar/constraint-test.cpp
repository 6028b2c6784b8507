//===- constraint-test.cpp - Tokens that may follow -----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: constraint-test MODEL.gguf CASES.json [--time]
//
// Each case has a "grammar" or a "schema", the "ids" of a text, and for each of
// its beginnings how many tokens are "allowed" next, without control tokens,
// and a hash of them. Prints what is different, and how many beginnings there
// were; with --time the longest time of the processor for one, in milliseconds.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "runtime/generate/grammar/Constraint.h"
#include "runtime/generate/grammar/ReadGrammar.h"
#include "runtime/text/Tokenizer.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <ctime>

using namespace llvm;
using namespace quipu;

static ExitOnError exitOnError("quipu: error: ");

static double now() { return double(clock()) / CLOCKS_PER_SEC; }

namespace {
struct Allowed {
  int64_t count = 0, hash = 2166136261;
};
} // namespace

static Allowed summarize(const TokenMask &mask, const Tokenizer &tokenizer,
                         const TokenTrie &trie) {
  Allowed allowed;
  uint32_t hash = uint32_t(allowed.hash);
  for (int32_t token = 0; token < trie.vocabulary(); ++token)
    if (isAllowed(mask, token) &&
        (!tokenizer.isControl(token) || trie.isEnd(token))) {
      ++allowed.count;
      hash = (hash ^ uint32_t(token)) * 16777619;
    }
  allowed.hash = hash;
  return allowed;
}

/// Returns how many beginnings it has looked at.
static size_t check(const json::Object &test, const Tokenizer &tokenizer,
                    const TokenTrie &trie, double &longest) {
  StringRef name = *test.getString("name");
  std::optional<StringRef> gbnf = test.getString("grammar");
  Grammar grammar;
  std::string error =
      readGrammar(gbnf ? GrammarForm::Gbnf : GrammarForm::JsonSchema,
                  gbnf ? *gbnf : *test.getString("schema"), tokenizer, grammar);
  if (!error.empty()) {
    outs() << name << ": " << error << '\n';
    return 0;
  }
  Constraint constraint(std::move(grammar), trie);
  const json::Array &ids = *test.getArray("ids"),
                    &expected = *test.getArray("allowed");
  for (size_t i = 0; i < expected.size(); ++i) {
    double start = now();
    const TokenMask *mask = constraint.next(error);
    longest = std::max(longest, now() - start);
    Allowed allowed;
    if (mask)
      allowed = summarize(*mask, tokenizer, trie);
    const json::Array &pair = *expected[i].getAsArray();
    if (allowed.count != pair[0].getAsInteger() ||
        allowed.hash != pair[1].getAsInteger())
      outs() << name << ": " << allowed.count << " tokens behind " << i
             << ", not " << *pair[0].getAsInteger() << '\n';
    if (i < ids.size() &&
        !constraint.accept(static_cast<int32_t>(*ids[i].getAsInteger())))
      outs() << name << ": token " << i << " does not fit\n";
  }
  return expected.size();
}

int main(int argc, char **argv) {
  if (argc < 3) {
    errs() << "usage: constraint-test MODEL.gguf CASES.json [--time]\n";
    return 2;
  }
  std::unique_ptr<Checkpoint> checkpoint = exitOnError(openGguf(argv[1]));
  auto vocabulary =
      int32_t(checkpoint->findTensor("token_embd.weight")->shape[0]);
  std::vector<uint8_t> bytes = exitOnError(
      buildTokenizerImage(*checkpoint, vocabulary, [](const Twine &) {}));
  std::unique_ptr<WritableMemoryBuffer> image =
      WritableMemoryBuffer::getNewUninitMemBuffer(bytes.size(), "image",
                                                  Align(64));
  std::memcpy(image->getBufferStart(), bytes.data(), bytes.size());
  Tokenizer tokenizer(image->getBufferStart(), bytes.size());
  double start = now(), longest = 0;
  TokenTrie trie(tokenizer, vocabulary, [&](int32_t token) {
    return tokenizer.isEndOfGeneration(token);
  });
  double trieTime = now() - start;

  std::unique_ptr<MemoryBuffer> file =
      exitOnError(errorOrToExpected(MemoryBuffer::getFile(argv[2])));
  json::Value cases = exitOnError(json::parse(file->getBuffer()));
  size_t count = 0;
  for (const json::Value &test : *cases.getAsArray())
    count += check(*test.getAsObject(), tokenizer, trie, longest);
  outs() << count << " beginnings\n";
  if (argc > 3)
    outs() << format("trie %.1f ms, longest %.2f ms\n", trieTime * 1e3,
                     longest * 1e3);
}
