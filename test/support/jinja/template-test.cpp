//===- template-test.cpp - Render templates -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: template-test
//
// Each line of standard input is an object of texts: "template", and in JSON
// "messages", "tools" and "variables", of which all but the first may be
// missing. Writes a line of JSON each: {"text": TEXT, "input": TEXT} with the
// bytes that come from messages and tools, or {"error": SENTENCE}.
//
//===----------------------------------------------------------------------===//

#include "support/jinja/Conversation.h"
#include "support/jinja/Json.h"
#include <iostream>

using namespace quipu::jinja;

/// The JSON text of a member; "" if there is none.
static std::string member(const Mapping &of, std::string_view name) {
  const Value *value = of.find(name);
  return value ? value->text->bytes : "";
}

static std::string render(const Mapping &line, Text &prompt) {
  Template form;
  if (std::string error = form.parse(member(line, "template")); !error.empty())
    return error;
  Conversation conversation;
  std::string error;
  if (std::string json = member(line, "messages"); !json.empty())
    error = conversation.setMessages(json);
  if (std::string json = member(line, "tools"); error.empty() && !json.empty())
    error = conversation.setTools(json);
  if (std::string json = member(line, "variables");
      error.empty() && !json.empty())
    error = conversation.setVariables(json);
  return error.empty() ? conversation.render(form, prompt) : error;
}

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    Heap heap;
    Value value;
    if (std::string error = readJson(line, heap, value); !error.empty()) {
      std::cerr << error << '\n';
      return 2;
    }
    Text prompt, written;
    std::string error = render(*value.mapping, prompt);
    if (!error.empty()) {
      writeJsonText(written, Text(error), /*isAscii=*/true);
      std::cout << "{\"error\": " << written.bytes << "}\n";
      continue;
    }
    Text input;
    for (const quipu::ByteSpan &span : prompt.inputs)
      input.append(prompt.bytes.substr(span.begin, span.end - span.begin));
    writeJsonText(written, prompt, /*isAscii=*/true);
    written.append(", \"input\": ");
    writeJsonText(written, input, /*isAscii=*/true);
    std::cout << "{\"text\": " << written.bytes << "}\n";
  }
}
