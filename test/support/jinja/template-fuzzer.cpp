//===- template-fuzzer.cpp - Broken templates and messages ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: template-fuzzer ROUNDS FILE...
//
// Renders ROUNDS templates, each a mutation or a mixture of the files', which
// have lines of dashes between templates; always the same ones. Built with
// -fsanitize=fuzzer and -DQUIPU_LIBFUZZER, libFuzzer drives it.
//
//===----------------------------------------------------------------------===//

#include "support/Utf8.h"
#include "support/jinja/Conversation.h"
#include "test/Mutations.h"
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace quipu;
using namespace quipu::jinja;

static constexpr std::string_view messages =
    R"([{"role": "system", "content": "Be é 日本 🙂."},
        {"role": "user", "content": [{"type": "text", "text": "<a> {{ b }}"}]},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "c1",
         "function": {"name": "f", "arguments": {"x": 1.5, "y": [true]}}}]}])";
static constexpr std::string_view variables =
    R"({"a": 7, "b": -3, "half": 2.5, "text": "  Hello,\nß \"x\" ",
        "list": [3, 1, 2], "words": ["pear", "Apple"], "empty": "",
        "map": {"b": 1, "a": {"x": [1, 2]}}, "yes": true, "nothing": null,
        "people": [{"name": "Bo", "age": 5}, {"name": "al", "age": 3}]})";

[[noreturn]] static void die(const char *what) {
  std::cerr << what << '\n';
  abort();
}

/// Whether the template could be parsed.
static bool render(std::string_view source) {
  Template form;
  std::string error = form.parse(source);
  bool isParsed = error.empty();
  if (isParsed) {
    Conversation conversation;
    if (!conversation.setMessages(messages).empty() ||
        !conversation.setVariables(variables).empty())
      die("the messages are refused");
    Limits limits = {.work = 1 << 22, .memory = 1 << 24, .now = 0};
    Text prompt;
    error = conversation.render(form, prompt, limits);
    size_t end = 0;
    for (const ByteSpan &span : prompt.inputs) {
      if (span.begin < end || span.begin >= span.end ||
          span.end > prompt.bytes.size())
        die("a span is out of order");
      end = span.end;
    }
    if (!isUtf8(prompt.bytes))
      die("half a character was printed");
  }
  if (!error.empty() && !error.starts_with("line "))
    die("an error has no line");
  return isParsed;
}

/// Of text that may be a prompt, or a file of JSON.
static void readAsMessages(std::string_view text) {
  Conversation conversation;
  std::string error = conversation.setMessages(text);
  conversation.add("user", text);
  Template form;
  Text prompt;
  if (!form.parse("{{ messages[-1].content }}").empty() ||
      !conversation.render(form, prompt).empty() || !isUtf8(prompt.bytes))
    die("a message is refused");
}

#ifdef QUIPU_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  render(text);
  readAsMessages(text);
  return 0;
}
#else
static std::vector<std::string> readTemplates(const char *path) {
  std::ifstream file(path);
  std::stringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  constexpr std::string_view between = "\n--------\n";
  std::vector<std::string> templates;
  for (size_t begin = 0, end; begin < text.size();
       begin = end + between.size()) {
    end = std::min(text.find(between, begin), text.size());
    templates.push_back(text.substr(begin, end - begin));
  }
  return templates;
}

int main(int argc, char **argv) {
  if (argc < 3)
    die("usage: template-fuzzer ROUNDS FILE...");
  std::vector<std::string> seeds;
  for (int i = 2; i < argc; ++i)
    for (std::string &seed : readTemplates(argv[i]))
      seeds.push_back(std::move(seed));

  Mutations mutations(std::move(seeds), /*longest=*/20);
  unsigned rounds = std::stoul(argv[1]), parsed = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    std::string text = mutations.next();
    parsed += render(text);
    readAsMessages(text);
  }
  std::cout << rounds << " templates, " << parsed << " parsed\n";
}
#endif
