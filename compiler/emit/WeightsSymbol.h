//===- WeightsSymbol.h - Where code finds the weights -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_EMIT_WEIGHTSSYMBOL_H
#define QUIPU_COMPILER_EMIT_WEIGHTSSYMBOL_H

#include "llvm/IR/Module.h"

namespace quipu {

/// Defines `quipu_weights` in `module`: `bytes` bytes in a read-only section of
/// its own, which begins at a huge page if it fills one. The section has no
/// bytes until the program is linked.
llvm::GlobalVariable *addWeightsSymbol(llvm::Module &module, uint64_t bytes);

} // namespace quipu

#endif // QUIPU_COMPILER_EMIT_WEIGHTSSYMBOL_H
