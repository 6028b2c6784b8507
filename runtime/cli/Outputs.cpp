//===- Outputs.cpp - Where the rows of outputs go -------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Outputs.h"
#include "runtime/cli/Console.h"
#include "runtime/engine/Entries.h"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

using namespace quipu;

static Status checked(std::string failure) {
  return failure.empty() ? Status{} : argumentError(std::move(failure));
}

Status Outputs::open(int32_t output, const std::string &path) {
  const abi::Tensor &tensor = entry.outputs[output];
  int32_t rows = tensor.domain == abi::Domain::Token ? tokens : selectedCount();
  files[output] = std::make_unique<NpyWriter>();
  return checked(files[output]->open(path, rows, tensor.width));
}

Status Outputs::write(int32_t output, const std::string &path) {
  allSelected = !readsOutSequences(entry);
  return open(output, path);
}

Status Outputs::writeAll(const std::string &folder) {
  if (mkdir(folder.c_str(), 0777) < 0 && errno != EEXIST)
    return argumentError("cannot make the folder '" + folder +
                         "': " + strerror(errno));
  Status status;
  for (int32_t i = 0; i < entry.outputCount && status.ok(); ++i)
    status = write(i, folder + "/" + entry.outputs[i].name + ".npy");
  return status;
}

Status Outputs::printOnly() {
  if (entry.outputCount != 1)
    return argumentError("'" + std::string(entry.name) + "' has " +
                         std::to_string(entry.outputCount) +
                         " outputs; write them into a folder with '--outputs'");
  prints = true;
  allSelected = !readsOutSequences(entry);
  return {};
}

/// With the digits that give the same numbers when they are read.
static Status printRow(const float *numbers, int32_t width) {
  std::string line;
  char text[32];
  for (int32_t i = 0; i < width; ++i) {
    snprintf(text, sizeof(text), i ? " %.9g" : "%.9g", numbers[i]);
    line += text;
  }
  int error = print(line += '\n');
  return checked(
      error ? std::string("cannot write the output: ") + strerror(error) : "");
}

Status Outputs::take(int32_t output, int32_t row, const float *numbers) {
  const abi::Tensor &tensor = entry.outputs[output];
  if (&tensor == getLogits(entry) && row == selectedCount() - 1)
    logits.assign(numbers, numbers + tensor.width);
  if (prints)
    return printRow(numbers, tensor.width);
  return files[output] ? checked(files[output]->append(numbers)) : Status{};
}

Status Outputs::finish() {
  Status status;
  for (std::unique_ptr<NpyWriter> &file : files)
    if (file && status.ok())
      status = checked(file->finish());
  return status;
}

Option quipu::outputsOption(std::optional<std::string> &folder) {
  return {"What comes out",
          0,
          "outputs",
          "DIR",
          Text{&folder},
          "Write each output to DIR/NAME.npy, f32: a row for each token, or "
          "one for the text."};
}
