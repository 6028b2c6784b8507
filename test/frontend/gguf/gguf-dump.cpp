//===- gguf-dump.cpp - Print what a GGUF file holds -------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: gguf-dump FILE
//
// Prints the version, the metadata (of arrays: the length and the first
// elements) and the tensors (of their data: place and checksum).
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

static void print(bool value) { outs() << (value ? "true" : "false"); }
static void print(int64_t value) { outs() << value; }
static void print(uint64_t value) { outs() << value; }
static void print(double value) { outs() << format("%.9g", value); }
static void print(StringRef value) {
  outs() << '"';
  outs().write_escaped(value) << '"';
}

static void print(NestedArray) { outs() << "[[...]]"; }
template <typename T> static void print(const std::vector<T> &values) {
  constexpr size_t shown = 4;
  outs() << '[' << values.size() << ":";
  for (size_t i = 0; i < std::min(values.size(), shown); ++i) {
    outs() << ' ';
    print(static_cast<T>(values[i]));
  }
  outs() << (values.size() > shown ? " ...]" : "]");
}

static void print(const GgufFile &file) {
  outs() << "version " << file.getVersion() << '\n';
  for (const auto &[key, value] : file.getMetadata()) {
    outs() << key << " = ";
    std::visit([](const auto &alternative) { print(alternative); }, value);
    outs() << '\n';
  }
  for (const CheckpointTensor &tensor : file.getTensors()) {
    outs() << "tensor " << tensor.name << ": ";
    for (int64_t size : tensor.shape)
      outs() << size << 'x';
    outs() << StringRef(tensor.format->name) << ", " << tensor.data.size()
           << " bytes at "
           << tensor.data.data() - file.getContents().bytes_begin()
           << ", crc32 " << format_hex(crc32(tensor.data), 10) << '\n';
  }
}

int main(int argc, char **argv) {
  if (argc != 2) {
    errs() << "usage: gguf-dump FILE\n";
    return 2;
  }
  Expected<std::unique_ptr<Checkpoint>> checkpoint = openGguf(argv[1]);
  if (!checkpoint) {
    errs() << "quipu: error: " << toString(checkpoint.takeError()) << '\n';
    return 1;
  }
  print(static_cast<const GgufFile &>(**checkpoint));
}
