//===- Entries.h - What a program can be asked for --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_ENGINE_ENTRIES_H
#define QUIPU_RUNTIME_ENGINE_ENTRIES_H

#include "abi/Abi.h"
#include <span>
#include <string>
#include <string_view>

namespace quipu {

inline std::span<const abi::Entry> getEntries(const abi::Program &program) {
  return {program.entries, static_cast<size_t>(program.entryCount)};
}
inline std::span<const abi::Tensor> getInputs(const abi::Entry &entry) {
  return {entry.inputs, static_cast<size_t>(entry.inputCount)};
}
inline std::span<const abi::Tensor> getOutputs(const abi::Entry &entry) {
  return {entry.outputs, static_cast<size_t>(entry.outputCount)};
}

/// The index of an entry or of an output, -1 if there is none of that name.
int32_t findEntry(const abi::Program &program, std::string_view name);
int32_t findOutput(const abi::Entry &entry, std::string_view name);

/// "generate, embed".
std::string entryNames(const abi::Program &program);

/// Token ids are from 0 to below this.
inline int32_t getTokenLimit(const abi::Entry &entry) {
  return entry.inputs[0].limit;
}

/// Positions are from 0 to below this: an entry may look them up in a table.
int32_t getPositionLimit(const abi::Entry &entry);

/// Types of texts are from 0 to below this; an entry without them ignores them.
int32_t getTypeLimit(const abi::Entry &entry);

/// Whether tokens of the entry have places on axes, see AxisPlaces.h.
bool hasAxes(const abi::Entry &entry);

/// Whether one of its outputs counts sequences: then the selected tokens are
/// their last ones.
bool readsOutSequences(const abi::Entry &entry);

/// What a text is to a program that looks for the nearest of many.
enum class TextKind { Query, Document };
/// The model's prompt before texts of that kind, or nothing.
const char *findPrompt(const abi::Program &program, TextKind kind);

/// Whether Program::ends has a token.
bool isEnd(const abi::Program &program, int32_t token);

/// The output "logits" if the entry can continue a text with it, or null.
const abi::Tensor *getLogits(const abi::Entry &entry);

} // namespace quipu

#endif // QUIPU_RUNTIME_ENGINE_ENTRIES_H
