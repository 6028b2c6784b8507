//===- grammar-test.cpp - Texts that grammars make or not -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: grammar-test CASES.json
//
// Each case has a name and a "grammar" or a "schema", and what of it is to be
// seen: texts that it "accepts" and that it "refuses", or its "error". A text
// that is a list has ids of tokens between parts. Prints what is different,
// and "N cases".
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/grammar/GrammarMachine.h"
#include "runtime/generate/grammar/JsonSchema.h"
#include "support/Utf8.h"
#include "support/jinja/Json.h"
#include <fstream>
#include <iostream>
#include <sstream>

using namespace quipu;
using jinja::Value;

static const std::string &textOf(const Value &value) {
  return value.text->bytes;
}

/// Each character of a text is a token of its own, number 0. Behind each the
/// machine forgets what it knows.
static bool fits(GrammarMachine &machine, const Value &text) {
  std::vector<Value> parts = {text};
  if (text.kind == jinja::Kind::Sequence)
    parts = text.sequence->items;
  GrammarMachine::State state = machine.start();
  machine.allowWork();
  for (const Value &part : parts) {
    if (!part.isText()) {
      state = machine.stepToken(state, static_cast<int32_t>(part.whole()));
      continue;
    }
    for (std::string_view rest = textOf(part); !rest.empty();) {
      unsigned bytes = decodeUtf8(rest).bytes;
      GrammarMachine::State named = machine.stepToken(state, 0);
      for (char byte : rest.substr(0, bytes))
        state = machine.step(state, static_cast<uint8_t>(byte));
      bool isNew; // always
      state = machine.collect(machine.join(named, state), isNew);
      rest.remove_prefix(bytes);
    }
  }
  if (machine.hasFailed())
    std::cout << "the machine has failed\n";
  return machine.isComplete(state);
}

static std::string show(const Value &text) {
  if (text.isText())
    return textOf(text);
  std::string shown;
  for (const Value &part : text.sequence->items)
    shown += part.isText() ? textOf(part) : std::to_string(part.whole()) + " ";
  return shown;
}

static void check(const jinja::Mapping &test) {
  std::string name = textOf(*test.find("name")), error, source;
  Grammar grammar;
  if (const Value *schema = test.find("schema"))
    error = compileJsonSchema(textOf(*schema), source);
  else
    source = textOf(*test.find("grammar"));
  if (error.empty())
    error = grammar.parse(source, nullptr);
  const Value *expected = test.find("error");
  if (error != (expected ? textOf(*expected) : ""))
    std::cout << name << ": " << (error.empty() ? "no error" : error) << '\n';
  if (!error.empty() || expected)
    return;
  GrammarMachine machine(grammar, /*keptBytes=*/0);
  for (const char *kind : {"accepts", "refuses"})
    for (const Value &text : test.find(kind)->sequence->items)
      if (fits(machine, text) != (kind[0] == 'a'))
        std::cout << name << " " << kind << " no longer: " << show(text)
                  << '\n';
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: grammar-test CASES.json\n";
    return 1;
  }
  std::ifstream file(argv[1]);
  std::stringstream all;
  all << file.rdbuf();
  jinja::Heap heap;
  Value cases;
  std::string error = jinja::readJson(all.str(), heap, cases);
  if (!error.empty()) {
    std::cerr << argv[1] << ": " << error << '\n';
    return 1;
  }
  for (const Value &test : cases.sequence->items)
    check(*test.mapping);
  std::cout << cases.sequence->items.size() << " cases\n";
}
