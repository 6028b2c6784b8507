//===- WeightsSection.h - The weights in a program's file -------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The linker sees a section without bytes, so that it neither reads nor copies
// the weights; they are written behind what it made.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_LINK_WEIGHTSSECTION_H
#define QUIPU_COMPILER_LINK_WEIGHTSSECTION_H

#include "compiler/emit/PackedWeights.h"
#include "support/OutputFile.h"

namespace quipu {

/// Linker script that gives the section pages of its own behind all others; the
/// linker does so unasked where a section can be marked as large.
extern const char weightsScript[];

/// Writes the `linked` program with its weights. Memory stays at the size of a
/// huge page.
llvm::Error writeProgram(std::string linked, const PackedWeights &weights,
                         OutputFile &to, const Progress &progress, Warn warn);

} // namespace quipu

#endif // QUIPU_COMPILER_LINK_WEIGHTSSECTION_H
