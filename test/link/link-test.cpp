//===- link-test.cpp - From stage `llvm` to a program, alone --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: link-test target NAME
//          prints what NAME stands for
//        link-test asm|program|library TARGET CONTEXT MODULE CHECKPOINT
//                  RUNTIME OUTPUT
//          CONTEXT may be 0, RUNTIME is a folder
//
//===----------------------------------------------------------------------===//

#include "compiler/EmitProgram.h"
#include "compiler/frontend/gguf/GgufFile.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "support/OutputFile.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace quipu;

static Error printTarget(StringRef name) {
  Expected<std::vector<quipu::Target>> targets =
      quipu::Target::createVariants(name);
  if (!targets)
    return targets.takeError();
  mlir::MLIRContext context;
  context.loadDialect<QuipuDialect>();
  for (const quipu::Target &target : *targets) {
    outs() << "target " << target.getDescription() << '\n'
           << "features " << target.getRequiredFeatures() << '\n'
           << target.getAttribute(&context) << '\n';
  }
  return Error::success();
}

static Error run(ArrayRef<char *> arguments) {
  StringRef what = arguments[1];
  if (what == "target")
    return printTarget(arguments[2]);

  mlir::DialectRegistry registry;
  registry.insert<QuipuDialect, mlir::LLVM::LLVMDialect>();
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(arguments[4], &context);
  if (!module)
    return createStringError("the module does not parse");
  Expected<std::unique_ptr<Checkpoint>> checkpoint = openGguf(arguments[5]);
  if (!checkpoint)
    return checkpoint.takeError();
  Expected<std::vector<quipu::Target>> targets =
      quipu::Target::createVariants(arguments[2]);
  if (!targets)
    return targets.takeError();
  ProgramParts parts;
  parts.checkpoint = checkpoint->get();
  parts.compiler = "quipu test";
  for (quipu::Target &target : *targets)
    parts.variants.push_back({*module, target});
  if (!to_integer(arguments[3], parts.context))
    return createStringError("CONTEXT must be a number");

  if (what == "asm") {
    Expected<std::string> text = emitAssembly(parts);
    if (!text)
      return text.takeError();
    outs() << *text;
    return Error::success();
  }
  LinkOptions link{what == "library" ? ProgramKind::Library
                                     : ProgramKind::Executable,
                   arguments[6],
                   arguments[7],
                   {}};
  std::string last;
  double most = 0;
  Expected<uint64_t> bytes = emitProgram(
      parts, link,
      [&](StringRef work, double done) {
        if (work != last || done < most)
          outs() << work << '\n';
        last = work.str();
        most = done;
      },
      [](const Twine &warning) { outs() << "warning: " << warning << '\n'; });
  if (!bytes)
    return bytes.takeError();
  outs() << format("%.0f %% done\n", 100 * most);
  return Error::success();
}

int main(int argc, char **argv) {
  prepareForOutput();
  if (argc != 3 && argc != 8) {
    errs() << "usage: see link-test.cpp\n";
    return 2;
  }
  if (Error error = run(ArrayRef(argv, argc))) {
    errs() << "quipu: error: " << toString(std::move(error)) << '\n';
    return 1;
  }
}
