//===- Specs.cpp - The specs that quipu brings along ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Specs.h"
#include "compiler/frontend/ReadModule.h"
#include "dialect/Quipu.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quipu;

namespace {
struct Spec {
  StringRef path, text;
};
} // namespace

static constexpr Spec specs[] = {
#include "Specs.inc"
};

llvm::Expected<OwningOpRef<ModuleOp>>
quipu::findSpec(StringRef family, llvm::SourceMgr &sourceManager,
                MLIRContext *context) {
  SmallVector<std::string> families;
  for (const Spec &spec : specs) {
    llvm::SourceMgr candidate;
    candidate.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBuffer(spec.text, spec.path), SMLoc());
    OwningOpRef<ModuleOp> module = readModule(candidate, context);
    if (!module)
      continue;
    for (ModelOp model : module->getOps<ModelOp>())
      for (StringRef known :
           model.getArchitectures().getAsValueRange<StringAttr>()) {
        families.push_back(known.str());
        if (known != family)
          continue;
        sourceManager = std::move(candidate);
        return module;
      }
  }
  return llvm::createStringError("there is no spec for the family '" + family +
                                 "', only for " + llvm::join(families, ", ") +
                                 "; write one and give it with '--spec FILE'");
}
