//===- RetrievalReport.cpp - What was found, printed ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/RetrievalReport.h"
#include "runtime/cli/Report.h"
#include "support/jinja/Json.h"

using namespace quipu;

std::string quipu::toText(const Retrieval &retrieval) {
  if (retrieval.passages.empty())
    return "No passage fits: the best score is " +
           printScore(retrieval.bestScore) + ".\n";
  std::string text;
  for (const RetrievedPassage &passage : retrieval.passages)
    text += (text.empty() ? "" : "\n") + passage.place() + " (" +
            printScore(passage.score) + ")" +
            (passage.title.empty() ? "" : " " + passage.title) + "\n" +
            passage.text + "\n";
  return text;
}

std::string quipu::toJson(const Retrieval &retrieval) {
  std::string json = "{\"best_score\": " + printScore(retrieval.bestScore) +
                     ", \"passages\": [";
  const char *separator = "";
  for (const RetrievedPassage &passage : retrieval.passages) {
    json += separator;
    json += "{\"path\": " + printJson(passage.path) +
            ", \"first_line\": " + std::to_string(passage.firstLine) +
            ", \"last_line\": " + std::to_string(passage.lastLine) +
            ", \"score\": " + printScore(passage.score) +
            ", \"title\": " + printJson(passage.title) +
            ", \"text\": " + printJson(passage.text) + "}";
    separator = ", ";
  }
  return json + "]}";
}

namespace {
/// Reads members of objects, and remembers whether one was not as expected.
struct MemberReader {
  bool isGood = true;

  const jinja::Value *find(const jinja::Value &object, std::string_view name,
                           jinja::Kind kind) {
    const jinja::Value *value = object.kind == jinja::Kind::Mapping
                                    ? object.mapping->find(name)
                                    : nullptr;
    if (value && value->kind == kind)
      return value;
    isGood = false;
    return nullptr;
  }
  std::string text(const jinja::Value &object, std::string_view name) {
    const jinja::Value *value = find(object, name, jinja::Kind::Text);
    return value ? value->text->bytes : "";
  }
  int64_t integer(const jinja::Value &object, std::string_view name) {
    const jinja::Value *value = find(object, name, jinja::Kind::Integer);
    return value ? value->integer : 0;
  }
  double real(const jinja::Value &object, std::string_view name) {
    const jinja::Value *value = find(object, name, jinja::Kind::Real);
    return value ? value->real : 0;
  }
};
} // namespace

std::string quipu::fromJson(std::string_view json, Retrieval &retrieval) {
  jinja::Heap heap;
  jinja::Value root;
  if (std::string error = jinja::readJson(json, heap, root); !error.empty())
    return error;
  MemberReader read;
  retrieval.bestScore = read.real(root, "best_score");
  const jinja::Value *list = read.find(root, "passages", jinja::Kind::Sequence);
  if (list)
    for (const jinja::Value &item : list->sequence->items)
      retrieval.passages.push_back(
          {read.text(item, "path"), read.text(item, "title"),
           read.text(item, "text"), read.integer(item, "first_line"),
           read.integer(item, "last_line"), read.real(item, "score")});
  return read.isGood ? "" : "a passage lacks a part";
}
