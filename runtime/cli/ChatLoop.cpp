//===- ChatLoop.cpp - A user's turns of a chat ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/ChatLoop.h"
#include "runtime/cli/Console.h"
#include "support/CommandLine.h"
#include "support/InputText.h"
#include "support/OutputFile.h"
#include <algorithm>
#include <cstdlib>

using namespace quipu;

struct ChatLoop::Command {
  std::string_view name, argument, summary;
  std::string (ChatLoop::*run)(const std::string &argument);
};

const ChatLoop::Command ChatLoop::table[] = {
    {"help", "", "List the commands.", &ChatLoop::help},
    {"reset", "", "Forget the conversation, but for the system message.",
     &ChatLoop::reset},
    {"system", "TEXT",
     "Set the system message; without a text, take the template's own.",
     &ChatLoop::setSystem},
    {"undo", "", "Take back your last message and the answer.",
     &ChatLoop::undo},
    {"retry", "", "Ask for another answer to your last message.",
     &ChatLoop::retry},
    {"save", "FILE", "Write the conversation to FILE, as JSON.",
     &ChatLoop::save},
    {"load", "FILE", "Go on from a conversation that was saved.",
     &ChatLoop::load},
    {"think", "HOW",
     "show, fold or hide what the model thinks; on or off: let it think or "
     "not, if its template knows.",
     &ChatLoop::think},
    {"exit", "", "End the chat; so does Ctrl-D.", &ChatLoop::exit},
};

const ChatLoop::Command *ChatLoop::find(std::string_view name) {
  const auto *found = std::ranges::find(table, name, &Command::name);
  return found == std::end(table) ? nullptr : found;
}

std::string ChatLoop::complete(const std::string &begin) {
  std::string rest;
  for (const Command &command : table)
    if (std::string name = "/" + std::string(command.name);
        !begin.empty() && name.starts_with(begin)) {
      if (!rest.empty())
        return "";
      rest = name.substr(begin.size()) + (command.argument.empty() ? "" : " ");
    }
  return rest;
}

std::string ChatLoop::listCommands() {
  std::string text;
  for (const Command &command : table)
    appendWords(text,
                "  /" + std::string(command.name) + " " +
                    std::string(command.argument),
                16, command.summary);
  return text;
}

/// A path as users write it, from the user's folder on with "~/".
static std::string expandHome(const std::string &path) {
  const char *home = getenv("HOME");
  return path.starts_with("~/") && home ? home + path.substr(1) : path;
}

void ChatLoop::confirm(const std::string &what) const {
  if (isInteractive)
    note(what);
}

std::string ChatLoop::help(const std::string &) {
  writeError = print(
      listCommands() +
      "\nAlt-Enter, or a backslash at its end, adds a line. Ctrl-C stops an "
      "answer.\nA message that begins with a slash: write two.\n");
  return "";
}

std::string ChatLoop::reset(const std::string &) {
  chat.reset();
  confirm("the conversation is forgotten");
  return "";
}

std::string ChatLoop::setSystem(const std::string &text) {
  chat.messages().setSystem(text);
  confirm(text.empty() ? "the system message is the template's"
                       : "the system message is set");
  return "";
}

std::string ChatLoop::undo(const std::string &) {
  if (!chat.takeBack(/*keepsQuestion=*/false))
    return "there is no message to take back";
  confirm("your last message is taken back");
  return "";
}

std::string ChatLoop::retry(const std::string &) {
  return chat.takeBack(/*keepsQuestion=*/true)
             ? answer()
             : "there is no message to answer again";
}

std::string ChatLoop::save(const std::string &path) {
  if (path.empty())
    return "'/save' needs the name of a file";
  const std::string file = expandHome(path);
  std::string json, error = checkOutput(file);
  if (error.empty())
    error = chat.messages().writeMessages(json);
  if (error.empty())
    error = writeFile(file, json);
  if (error.empty())
    confirm("saved " + std::to_string(chat.messages().messageCount()) +
            " messages");
  return error;
}

std::string ChatLoop::load(const std::string &path) {
  if (path.empty())
    return "'/load' needs the name of a file";
  std::string json, error = readTextFile(expandHome(path), json);
  if (!error.empty())
    return error;
  error = chat.load(json);
  if (!error.empty())
    return path + ": " + error;
  confirm("loaded " + std::to_string(chat.messages().messageCount()) +
          " messages");
  return "";
}

std::string ChatLoop::think(const std::string &how) {
  if (how == "on" || how == "off")
    return chat.messages().setVariables(how == "on"
                                            ? R"({"enable_thinking": true})"
                                            : R"({"enable_thinking": false})");
  if (how == "show")
    printer.setThoughts(Thoughts::Show);
  else if (how == "fold")
    printer.setThoughts(Thoughts::Fold);
  else if (how == "hide")
    printer.setThoughts(Thoughts::Hide);
  else
    return "'/think' takes show, fold, hide, on or off, not '" + how + "'";
  return "";
}

std::string ChatLoop::exit(const std::string &) {
  hasEnded = true;
  return "";
}

std::string ChatLoop::runCommand(std::string_view name,
                                 const std::string &argument) {
  const Command *command = find(name);
  if (!command) {
    std::vector<std::string_view> names;
    for (const Command &known : table)
      names.push_back(known.name);
    std::string_view nearest = findNearest(name, names);
    return "there is no command '/" + std::string(name) + "'; " +
           (nearest.empty() ? "/help lists them"
                            : "did you mean '/" + std::string(nearest) + "'?") +
           " (a message that begins with a slash is written with two)";
  }
  if (command->argument.empty() && !argument.empty())
    return "'/" + std::string(name) + "' takes nothing behind it, not '" +
           argument + "'";
  return (this->*command->run)(argument);
}

std::string ChatLoop::answer() { return printer.answer(writeError); }

std::string ChatLoop::say(std::string_view content) {
  chat.messages().add("user", content);
  return answer();
}

static constexpr std::string_view blanks = " \t\r\n";

static std::string_view strip(std::string_view text) {
  size_t begin = text.find_first_not_of(blanks);
  return begin == text.npos
             ? ""
             : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string ChatLoop::handle(const std::string &text) {
  std::string_view content = strip(text);
  if (content.empty())
    return "";
  if (content.starts_with("//"))
    return say(content.substr(1));
  if (content[0] != '/')
    return say(content);
  content.remove_prefix(1);
  std::string_view name = content.substr(0, content.find_first_of(blanks));
  // "/usr/bin" and "/ 2" are no commands.
  bool isWord = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  if (!isWord)
    return say("/" + std::string(content));
  return runCommand(name, std::string(strip(content.substr(name.size()))));
}

int ChatLoop::run(TurnSource &source) {
  std::string text;
  bool wasInterrupted = false;
  while (!hasEnded && writeError == 0) {
    switch (source.read(text)) {
    case TurnSource::End::Closed:
      return 0;
    case TurnSource::End::Failed:
      return fail(text);
    case TurnSource::End::Interrupted:
      // Ctrl-C drops what was written; twice it ends.
      if (wasInterrupted && strip(text).empty())
        return 0;
      wasInterrupted = strip(text).empty();
      if (wasInterrupted)
        note("Ctrl-C again or Ctrl-D ends the chat");
      continue;
    case TurnSource::End::Text:
      break;
    }
    wasInterrupted = false;
    if (std::string error = handle(text); !error.empty()) {
      fail(error);
      if (!isInteractive)
        return 1;
    }
    if (interrupted() && !isInteractive)
      return 130;
  }
  return outputStatus(writeError);
}
