//===- ProgramParts.h - What a program is made of ---------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_PROGRAMPARTS_H
#define QUIPU_COMPILER_EMIT_PROGRAMPARTS_H

#include "compiler/frontend/Generation.h"
#include "compiler/frontend/Tasks.h"
#include "compiler/target/Target.h"
#include "mlir/IR/BuiltinOps.h"

namespace quipu {

/// Told what is no error, but might be missed.
using Warn = llvm::function_ref<void(const llvm::Twine &)>;

/// All code of a model that depends on the processor. A program has one for
/// each target that it is for, the most able first; they have the architecture
/// in common, the packed weights and the sizes.
struct ProgramVariant {
  mlir::ModuleOp module; // of stage `llvm`
  Target target;
};

struct ProgramParts {
  std::vector<ProgramVariant> variants;
  const Checkpoint *checkpoint = nullptr;
  /// A TokenizerImage, or empty.
  llvm::ArrayRef<uint8_t> tokenizer;
  Generation generation;
  Tasks tasks;
  /// Positions of a sequence by default; 0 for the checkpoint's.
  int64_t context = 0;
  /// The program has no weights, but makes them from this seed.
  std::optional<uint64_t> randomSeed;
  /// "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0".
  std::string compiler;
};

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_PROGRAMPARTS_H
