//===- Help.cpp - What quipu --help prints --------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Help.h"
#include "compiler/Pipeline.h"

using namespace llvm;
using namespace quipu;

/// A name in the left column, and its text in the right one.
static void printEntry(raw_ostream &os, const Twine &name, StringRef text) {
  constexpr size_t indent = 24, width = 80;
  std::string line = ("  " + name).str();
  if (line.size() + 2 > indent) {
    os << line << '\n';
    line.clear();
  }
  line.resize(indent, ' ');
  bool empty = true;
  while (!text.empty()) {
    StringRef word;
    std::tie(word, text) = text.split(' ');
    if (!empty && line.size() + 1 + word.size() > width) {
      os << line << '\n';
      line.assign(indent, ' ');
      empty = true;
    }
    if (!empty)
      line += ' ';
    line += word;
    empty = false;
  }
  os << line << '\n';
}

void quipu::printStages(raw_ostream &os) {
  os << "\nThe stages on the way from spec to program:\n";
  for (const Stage &stage : getStages(*getBackends().front()))
    printEntry(os, stage.name, stage.meaning);
}

void quipu::printStageTable(raw_ostream &os) {
  os << "| stage | made in | what the model is then |\n|---|---|---|\n";
  for (const Stage &stage : getStages(*getBackends().front()))
    os << "| `" << stage.name << "` | `" << stage.folder << "/` | "
       << stage.meaning << " |\n";
}
