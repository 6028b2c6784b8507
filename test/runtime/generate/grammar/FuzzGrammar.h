//===- FuzzGrammar.h - The rest of both fuzzers -----------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The rest of a fuzzer that defines `kind`, the key of its texts, and `parses`:
//
// usage: NAME-fuzzer ROUNDS CASES.json
//
// Reads ROUNDS mutations and mixtures of the cases' texts, always the same
// ones, and follows each grammar for some bytes. Built with -fsanitize=fuzzer
// and -DQUIPU_LIBFUZZER, libFuzzer drives it.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_RUNTIME_GENERATE_GRAMMAR_FUZZGRAMMAR_H
#define QUIPU_TEST_RUNTIME_GENERATE_GRAMMAR_FUZZGRAMMAR_H

#include "runtime/generate/grammar/GrammarMachine.h"
#include "support/jinja/Json.h"
#include "test/Mutations.h"
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace quipu;

extern const char kind[];
/// Whether the text is a good grammar; follows it then.
static bool parses(std::string_view text);

[[noreturn]] static void die(std::string_view what) {
  std::cerr << what << '\n';
  abort();
}

/// Ends the fuzzer unless it is one line.
static void checkSentence(const std::string &error) {
  if (error.find_first_of("\r\n") != error.npos)
    die("not a sentence: " + error);
}

/// Reads the text itself, then bytes that fit.
static void follow(const Grammar &grammar, std::string_view text) {
  GrammarMachine machine(grammar);
  GrammarMachine::State state = machine.start();
  for (size_t i = 0; i < text.size() && i < 64; ++i)
    state = machine.step(state, static_cast<uint8_t>(text[i]));
  state = machine.join(state, machine.stepToken(machine.start(), 7));
  for (uint32_t i = 0; i < 64 && !machine.hasFailed(); ++i)
    for (uint32_t byte = 0; byte < 256; ++byte)
      if (GrammarMachine::State next =
              machine.step(state, static_cast<uint8_t>(byte * 151 + i * 37))) {
        state = next;
        break;
      }
}

#ifdef QUIPU_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  parses({reinterpret_cast<const char *>(data), size});
  return 0;
}
#else
int main(int argc, char **argv) {
  if (argc != 3)
    die("usage: NAME-fuzzer ROUNDS CASES.json");
  std::ifstream file(argv[2]);
  std::stringstream all;
  all << file.rdbuf();
  jinja::Heap heap;
  jinja::Value cases;
  if (!jinja::readJson(all.str(), heap, cases).empty())
    die("the cases cannot be read");
  std::vector<std::string> seeds;
  for (const jinja::Value &test : cases.sequence->items)
    if (const jinja::Value *text = test.mapping->find(kind))
      seeds.push_back(text->text->bytes);

  Mutations mutations(std::move(seeds), /*longest=*/20);
  unsigned rounds = std::stoul(argv[1]), parsed = 0;
  for (unsigned round = 0; round < rounds; ++round)
    parsed += parses(mutations.next());
  std::cout << rounds << " texts, " << parsed << " parsed\n";
}
#endif

#endif // QUIPU_TEST_RUNTIME_GENERATE_GRAMMAR_FUZZGRAMMAR_H
