//===- ReadModule.cpp - Parses a spec or a stage's file -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/ReadModule.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

/// The text of `range` without its `%` or `^`.
static StringRef getName(SMRange range) {
  const char *begin = range.Start.getPointer(), *end = range.End.getPointer();
  return StringRef(begin, end - begin).drop_front();
}

static Location addName(Location location, SMRange range) {
  auto name = StringAttr::get(location.getContext(), getName(range));
  return NameLoc::get(name, location);
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
quipu::openText(StringRef path, size_t most) {
  std::string text;
  if (std::string error = readTextFile(path.str(), text, most); !error.empty())
    return llvm::createStringError(error);
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(text, path);
  if (!buffer)
    llvm::report_bad_alloc_error("a text");
  return std::move(buffer);
}

OwningOpRef<ModuleOp> quipu::readModule(llvm::SourceMgr &sourceManager,
                                        MLIRContext *context) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context));
  AsmParserState names;
  if (failed(parseAsmSourceFile(sourceManager, module->getBody(),
                                ParserConfig(context), &names)))
    return {};
  for (const AsmParserState::OperationDefinition &definition :
       names.getOpDefs())
    if (!definition.resultGroups.empty())
      definition.op->setLoc(
          addName(definition.op->getLoc(),
                  definition.resultGroups.front().definition.loc));
  for (const AsmParserState::BlockDefinition &definition : names.getBlockDefs())
    for (auto [argument, text] : llvm::zip_equal(
             definition.block->getArguments(), definition.arguments))
      argument.setLoc(addName(argument.getLoc(), text.loc));
  // The text of a stage has its module, that of a spec has none.
  if (llvm::hasSingleElement(*module->getBody()))
    if (auto written = dyn_cast<ModuleOp>(module->getBody()->front())) {
      written->remove();
      written->setLoc(module->getLoc());
      module = written;
    }
  if (failed(verify(*module)))
    return {};
  return module;
}
