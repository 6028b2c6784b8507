//===- folder-dump.cpp - Print what a folder says ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: folder-dump FOLDER [NAMES]
//
// Prints the family, which pairs the rows of q and k are stored for, keys and
// tensors under GGUF's names: of a tensor shape, format, and the CRC-32 of its
// rows as they are read, one after another.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/huggingface/HuggingFaceFolder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

static void print(bool flag) { outs() << (flag ? "true" : "false"); }
static void print(int64_t number) { outs() << number; }
static void print(uint64_t number) { outs() << number; }
static void print(double number) { outs() << format("%.9g", number); }
static void print(StringRef word) { outs() << '"' << word << '"'; }
static void print(NestedArray) { outs() << "[[...]]"; }
template <typename T> static void print(const std::vector<T> &list) {
  outs() << '[';
  for (auto [i, element] : enumerate(list)) {
    outs() << (i ? ", " : "");
    print(static_cast<T>(element));
  }
  outs() << ']';
}

static void print(const CheckpointTensor &tensor) {
  int64_t rows = 1;
  for (int64_t size : ArrayRef(tensor.shape).drop_back())
    rows *= size;
  outs() << "tensor " << tensor.name << ": ";
  interleave(tensor.shape, outs(), "x");
  std::vector<uint8_t> bytes(rows * tensor.getRowBytes());
  tensor.readRows(0, rows, bytes.data());
  outs() << ' ' << StringRef(tensor.format->name) << ", crc32 "
         << format_hex(crc32(bytes), 10) << '\n';
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    errs() << "usage: folder-dump FOLDER [NAMES]\n";
    return 2;
  }
  if (argc == 3)
    if (Error error = addFolderNames(argv[2])) {
      errs() << "quipu: error: " << toString(std::move(error)) << '\n';
      return 1;
    }
  Expected<std::unique_ptr<Checkpoint>> opened = openHuggingFaceFolder(argv[1]);
  if (!opened) {
    errs() << "quipu: error: " << toString(opened.takeError()) << '\n';
    return 1;
  }
  const Checkpoint &folder = **opened;
  outs() << "family " << folder.getArchitecture() << ", pairs "
         << (folder.getPairing() == abi::RopePairing::Adjacent ? "adjacent"
                                                               : "halves")
         << '\n';
  SmallVector<StringRef> keys = folder.getKeys();
  sort(keys);
  for (StringRef key : keys) {
    outs() << "key " << key << " = ";
    std::visit([](const auto &value) { print(value); }, *folder.find(key));
    outs() << '\n';
  }
  for (const CheckpointTensor &tensor : folder.getTensors())
    print(tensor);
}
