//===- Entries.cpp - What a program can be asked for ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Entries.h"
#include "runtime/engine/AxisPlaces.h"
#include <algorithm>

using namespace quipu;

template <typename Row>
static int32_t find(std::span<const Row> rows, std::string_view name) {
  auto found = std::find_if(rows.begin(), rows.end(),
                            [&](const Row &row) { return row.name == name; });
  return found == rows.end() ? -1 : static_cast<int32_t>(found - rows.begin());
}

int32_t quipu::findEntry(const abi::Program &program, std::string_view name) {
  return find(getEntries(program), name);
}

int32_t quipu::findOutput(const abi::Entry &entry, std::string_view name) {
  return find(getOutputs(entry), name);
}

std::string quipu::entryNames(const abi::Program &program) {
  std::string names;
  for (const abi::Entry &entry : getEntries(program))
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  return names;
}

int32_t quipu::getPositionLimit(const abi::Entry &entry) {
  int32_t found = find(getInputs(entry), "positions");
  return found < 0 ? abi::maxContext : entry.inputs[found].limit;
}

int32_t quipu::getTypeLimit(const abi::Entry &entry) {
  int32_t found = find(getInputs(entry), "types");
  return found < 0 ? INT32_MAX : entry.inputs[found].limit;
}

bool quipu::hasAxes(const abi::Entry &entry) {
  std::span<const abi::Tensor> inputs = getInputs(entry);
  return std::any_of(
      inputs.begin(), inputs.end(),
      [](const abi::Tensor &input) { return findAxis(input.name) >= 0; });
}

bool quipu::readsOutSequences(const abi::Entry &entry) {
  std::span<const abi::Tensor> outputs = getOutputs(entry);
  return std::any_of(outputs.begin(), outputs.end(),
                     [](const abi::Tensor &output) {
                       return output.domain == abi::Domain::Sequence;
                     });
}

const char *quipu::findPrompt(const abi::Program &program, TextKind kind) {
  // As sentence_transformers calls them.
  static constexpr const char *ofDocuments[] = {"document", "passage"},
                              *ofQueries[] = {"query"};
  std::span<const char *const> names = ofQueries;
  if (kind == TextKind::Document)
    names = ofDocuments;
  for (std::string_view name : names)
    for (int32_t i = 0; i < program.promptCount; ++i)
      if (program.prompts[i].name == name)
        return program.prompts[i].text;
  return "";
}

bool quipu::isEnd(const abi::Program &program, int32_t token) {
  return std::binary_search(program.ends, program.ends + program.endCount,
                            token);
}

const abi::Tensor *quipu::getLogits(const abi::Entry &entry) {
  int32_t index = findOutput(entry, "logits");
  if (index < 0 || entry.wholeSequences ||
      entry.outputs[index].domain != abi::Domain::Selected)
    return nullptr;
  return &entry.outputs[index];
}
