//===- WeightsObject.h - Packed weights as an object file -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_WEIGHTSOBJECT_H
#define QUIPU_COMPILER_LINK_WEIGHTSOBJECT_H

#include "compiler/link/PackedWeights.h"
#include "llvm/TargetParser/Triple.h"

namespace quipu {

/// Writes a relocatable ELF object that defines `quipu_weights`, page aligned,
/// in a read-only section of its own. Memory stays at the size of a tile.
void writeWeightsObject(const PackedWeights &weights,
                        const llvm::Triple &triple, llvm::raw_fd_ostream &to,
                        const Progress &progress);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_WEIGHTSOBJECT_H
