//===- Specs.h - The specs built into quipu ---------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_FRONTEND_SPECS_H
#define QUIPU_COMPILER_FRONTEND_SPECS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

namespace quipu {
class Checkpoint;

/// Adds the heads of models/heads that `names` lists to a spec which yields
/// hidden states, in that order: files where a name has a `/` or ends in
/// ".mlir". A head that the spec has itself comes before one of that name. An
/// error lists the heads that there are.
llvm::Error addHeads(mlir::ModuleOp spec, llvm::ArrayRef<std::string> names,
                     llvm::SourceMgr &sourceManager);

/// The tensors that any head of models/heads reads: "cls.output.weight". A
/// model without the head computes the same without them.
llvm::StringSet<> findHeadTensors(mlir::MLIRContext *context);

/// The model of models/prelude.mlir, whose parameters all specs know.
mlir::OwningOpRef<mlir::ModuleOp> parsePrelude(mlir::MLIRContext *context);

/// Has diagnostics show the prelude's lines.
void addPrelude(llvm::SourceMgr &sourceManager);

/// The spec for the checkpoint's family ("llama") among those of models/,
/// parsed; one that asks for metadata which the checkpoint has comes before
/// others. Its text goes into `sourceManager`. An error lists the families that
/// have one.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>>
findSpec(const Checkpoint &checkpoint, llvm::SourceMgr &sourceManager,
         mlir::MLIRContext *context);

} // namespace quipu

#endif // QUIPU_COMPILER_FRONTEND_SPECS_H
