//===- Help.cpp - What quipu --help prints --------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Help.h"
#include "compiler/Pipeline.h"
#include "support/CommandLine.h"

using namespace llvm;
using namespace quipu;

void quipu::printStages(raw_ostream &os) {
  os << "\nThe stages on the way from spec to program:\n";
  std::string lines;
  for (const Stage &stage : getStages(*getBackends().front()))
    appendWords(lines, "  " + std::string(stage.name), 24, stage.meaning);
  os << lines;
}

void quipu::printStageTable(raw_ostream &os) {
  os << "| stage | made in | what the model is then |\n|---|---|---|\n";
  for (const Stage &stage : getStages(*getBackends().front()))
    os << "| `" << stage.name << "` | `" << stage.folder << "/` | "
       << stage.meaning << " |\n";
}
