//===- Specs.cpp - The specs built into quipu -----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Specs.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/frontend/ReadModule.h"
#include "dialect/Quipu.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/SetVector.h"
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

static constexpr StringRef headFolder = "models/heads/";
static constexpr StringRef preludeFile = "models/prelude.mlir";

/// The text of a head, from models/heads or a file.
static llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
openHead(StringRef name) {
  if (name.contains('/') || name.ends_with(".mlir"))
    return openText(name);
  SmallVector<StringRef> known;
  for (const Spec &spec : specs) {
    StringRef path = spec.path;
    if (!path.consume_front(headFolder) || !path.consume_back(".mlir"))
      continue;
    if (path == name)
      return llvm::MemoryBuffer::getMemBuffer(spec.text, spec.path);
    known.push_back(path);
  }
  return llvm::createStringError("there is no head '" + name + "', only " +
                                 llvm::join(known, ", ") +
                                 "; write one and give its file");
}

llvm::Error quipu::addHeads(ModuleOp spec, ArrayRef<std::string> names,
                            llvm::SourceMgr &sourceManager) {
  llvm::StringMap<HeadOp> own;
  for (HeadOp head : spec.getOps<HeadOp>())
    own[head.getSymName()] = head;
  Block &body = *spec.getBody();
  for (StringRef name : names) {
    if (HeadOp head = own.lookup(name)) {
      head->moveBefore(&body, body.end());
      own.erase(name);
      continue;
    }
    auto buffer = openHead(name);
    if (!buffer)
      return buffer.takeError();
    llvm::SourceMgr text;
    text.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy((*buffer)->getBuffer(),
                                             (*buffer)->getBufferIdentifier()),
        SMLoc());
    // Diagnostics point into it.
    sourceManager.AddNewSourceBuffer(std::move(*buffer), SMLoc());
    OwningOpRef<ModuleOp> module = readModule(text, spec.getContext());
    if (!module)
      return llvm::createStringError("the head '" + name + "' is broken");
    auto heads = llvm::to_vector(module->getOps<HeadOp>());
    if (heads.size() != 1)
      return llvm::createStringError("the head '" + name + "' is a file of " +
                                     llvm::Twine(heads.size()) +
                                     " quipu.head; write one");
    heads.front()->moveBefore(&body, body.end());
  }
  for (auto &unused : own)
    unused.second.erase();
  return llvm::Error::success();
}

llvm::StringSet<> quipu::findHeadTensors(MLIRContext *context) {
  llvm::StringSet<> tensors;
  for (const Spec &spec : specs) {
    if (!spec.path.starts_with(headFolder))
      continue;
    llvm::SourceMgr text;
    text.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBuffer(spec.text, spec.path), SMLoc());
    OwningOpRef<ModuleOp> module = readModule(text, context);
    if (!module)
      continue;
    AttrTypeWalker walker;
    walker.addWalk([&](WeightAttr weight) {
      for (Attribute name : {weight.getName(), Attribute(weight.getFallback())})
        if (auto text = dyn_cast_if_present<StringAttr>(name))
          tensors.insert(getTensorName(text.getValue()));
    });
    module->walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });
  }
  return tensors;
}

void quipu::addPrelude(llvm::SourceMgr &sourceManager) {
  const auto *prelude = llvm::find_if(
      specs, [](const Spec &known) { return known.path == preludeFile; });
  sourceManager.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(prelude->text, prelude->path), SMLoc());
}

OwningOpRef<ModuleOp> quipu::parsePrelude(MLIRContext *context) {
  llvm::SourceMgr text;
  addPrelude(text);
  return readModule(text, context);
}

/// How many keys and tensors the spec asks for, if the checkpoint has them all.
static std::optional<size_t> countRequired(const Checkpoint &checkpoint,
                                           ModelOp model) {
  if (!model.getRequired())
    return 0;
  auto has = [&](StringAttr required) {
    std::string key =
        (checkpoint.getArchitecture() + "." + required.getValue()).str();
    return (checkpoint.find(key) && checkpoint.getInteger(key) != 0) ||
           checkpoint.findTensor(required.getValue());
  };
  auto all = model.getRequired()->getAsRange<StringAttr>();
  if (!llvm::all_of(all, has))
    return std::nullopt;
  return model.getRequired()->size();
}

llvm::Expected<OwningOpRef<ModuleOp>>
quipu::findSpec(const Checkpoint &checkpoint, llvm::SourceMgr &sourceManager,
                MLIRContext *context) {
  StringRef family = checkpoint.getArchitecture();
  llvm::SetVector<StringRef> families;
  OwningOpRef<ModuleOp> found;
  size_t most = 0; // of what a spec asks for
  for (const Spec &spec : specs) {
    if (spec.path.starts_with(headFolder) || spec.path == preludeFile)
      continue;
    llvm::SourceMgr candidate;
    candidate.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBuffer(spec.text, spec.path), SMLoc());
    OwningOpRef<ModuleOp> module = readModule(candidate, context);
    if (!module)
      continue;
    ModelOp model = *module->getOps<ModelOp>().begin();
    auto known = model.getArchitectures().getAsValueRange<StringAttr>();
    families.insert(known.begin(), known.end());
    std::optional<size_t> required = countRequired(checkpoint, model);
    if (!llvm::is_contained(known, family) || !required ||
        (found && *required <= most))
      continue;
    sourceManager = std::move(candidate);
    found = std::move(module);
    most = *required;
  }
  if (found)
    return found;
  return llvm::createStringError("there is no spec for the family '" + family +
                                 "', only for " + llvm::join(families, ", ") +
                                 "; write one and give it with '--spec FILE'");
}
