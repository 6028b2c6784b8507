//===- Render.cpp - quipu render ------------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Render.h"
#include "compiler/frontend/chat/ChatTemplate.h"
#include "compiler/tools/Diagnostics.h"
#include "support/CommandLine.h"
#include "support/InputText.h"
#include "support/OutputFile.h"
#include "support/jinja/Conversation.h"

using namespace llvm;
using namespace quipu;

static constexpr char usage[] =
    R"(usage: quipu render TEMPLATE --messages FILE [options]

Prints what a chat template makes of messages. TEMPLATE is a .jinja file, a GGUF
file, or a Hugging Face folder (chat_template.jinja, chat_template.json or
tokenizer_config.json). Programs run the same code, within bounds: a template
that cannot be run is told with the line and what stands there.

examples:
  quipu render smollm2.gguf --messages chat.json
  quipu render chat_template.jinja --messages - --bos "<s>" < chat.json
  quipu render Qwen3-0.6B --messages chat.json \
    --variables '{"enable_thinking": false}'

A file of messages is JSON as OpenAI has it:
  [{"role": "user", "content": "What is gravity?"}]
)";

namespace {
struct Values {
  std::optional<std::string> messages, tools, name, bos, eos, variables;
  bool help = false;
};
} // namespace

static CommandLine getOptions(Values &to) {
  const char *options = "Options";
  return CommandLine(
      {{options, 0, "messages", "FILE", Text{&to.messages},
        "The messages; '-' is standard input."},
       {options, 0, "tools", "FILE", Text{&to.tools},
        "The tools that the model may call, a list in JSON."},
       {options, 0, "name", "NAME", Text{&to.name},
        "Which of several templates of a model (default: default)."},
       {options, 0, "bos", "TEXT", Text{&to.bos},
        "The text of the template's bos_token (default: the model's)."},
       {options, 0, "eos", "TEXT", Text{&to.eos},
        "The text of the template's eos_token (default: the model's)."},
       {options, 0, "variables", "JSON", Text{&to.variables},
        "An object with more variables of the template, as "
        "enable_thinking; add_generation_prompt false leaves out the "
        "beginning of a reply."},
       {options, 'h', "help", "", Switch{&to.help}, "Print this."}},
      Repeated::IsRefused);
}

/// `set` with what a file says.
template <typename Set> static LogicalResult readFile(StringRef path, Set set) {
  bool isInput = path == "-";
  std::string text, error = isInput ? readStandardInput(text)
                                    : readTextFile(path.str(), text);
  if (!error.empty())
    return fail(error);
  error = set(std::string_view(text));
  return error.empty()
             ? success()
             : fail((isInput ? "standard input" : path) + ": " + error);
}

static LogicalResult render(const Values &values, StringRef path) {
  Expected<ChatTemplateSource> source =
      readChatTemplate(path, values.name.value_or(""));
  if (!source)
    return fail(source.takeError());
  jinja::Template form;
  if (std::string error = form.parse(source->text); !error.empty())
    return fail(source->origin + ": " + error);

  jinja::Conversation conversation;
  if (failed(readFile(*values.messages, [&](std::string_view json) {
        return conversation.setMessages(json);
      })))
    return failure();
  if (values.tools &&
      failed(readFile(*values.tools, [&](std::string_view json) {
        return conversation.setTools(json);
      })))
    return failure();
  for (auto [name, given, own] :
       {std::tuple("bos_token", &values.bos, &source->bos),
        std::tuple("eos_token", &values.eos, &source->eos)})
    if (const auto &token = *given ? *given : *own)
      conversation.setToken(name, *token);
  if (values.variables)
    if (std::string error = conversation.setVariables(*values.variables);
        !error.empty())
      return fail("'--variables': " + error);
  jinja::Text prompt;
  if (std::string error = conversation.render(form, prompt); !error.empty())
    return fail(source->origin + ": " + error);
  std::string error = writeFile("-", prompt.bytes, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}

LogicalResult quipu::render(ArrayRef<const char *> arguments) {
  Values values;
  CommandLine line = getOptions(values);
  std::string error =
      line.parse(static_cast<int>(arguments.size()), arguments.data());
  if (!error.empty())
    return fail(error);
  if (values.help) {
    error = writeFile(
        "-", usage + line.help() + "\nExit status: 0; 1 after an error.\n",
        {.standardOutput = true});
    return error.empty() ? success() : fail(error);
  }
  if (line.positional().empty())
    return fail("there is no template; give a .jinja file, a GGUF file or a "
                "Hugging Face folder: quipu render TEMPLATE --messages FILE");
  if (line.positional().size() > 1)
    return fail("unexpected '" + line.positional()[1] + "' after '" +
                line.positional()[0] + "'");
  if (!values.messages)
    return fail(
        "there are no messages; name their file with '--messages FILE'");
  return ::render(values, line.positional()[0]);
}
