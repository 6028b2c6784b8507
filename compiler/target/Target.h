//===- Target.h - The processor that a program is for -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_TARGET_H
#define QUIPU_COMPILER_TARGET_TARGET_H

#include "dialect/Quipu.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class Function;
class TargetMachine;
} // namespace llvm

namespace quipu {

/// Code uses only features that the runtime can check, so a program either
/// says what the processor lacks or runs on it.
struct Target {
  /// As the user gave it: "native", "x86-64-v4+avx512vnni", "sm_90a",
  /// "reference".
  std::string name;
  /// Of a GPU's target these are the host's, which is like this machine.
  llvm::Triple triple;
  /// LLVM's name of the processor, for its timing: "znver5".
  std::string processor;
  /// LLVM's names, in alphabetical order; those that the processors of the
  /// triple all have are left out.
  std::vector<std::string> features;

  /// "native" is this machine's processor, "reference" any of its kind, other
  /// names are LLVM's; each may be followed by "+feature"s. An error lists the
  /// known names.
  static llvm::Expected<Target> create(llvm::StringRef name);

  /// The target that a module was made for.
  static Target create(mlir::Attribute attribute);

  /// The targets that a program for `name` has code for, the most able first:
  /// several for the name of an architecture alone, "x86-64" or "aarch64".
  static llvm::Expected<std::vector<Target>>
  createVariants(llvm::StringRef name);

  /// Plain code that is easy to compare with.
  bool isReference() const {
    return llvm::StringRef(name).split('+').first == "reference";
  }
  /// Kernels run on a GPU, and the host's processor may be any of its kind.
  bool isGpu() const;
  /// Not for machines like this one.
  bool isCross() const;
  /// LLVM's name of what runs kernels: the processor, or the GPU's chip.
  llvm::StringRef getKernelProcessor() const;
  /// f32 numbers in a vector register, or the lanes of a GPU's warp.
  int64_t getVectorLanes() const;
  /// What `quipu.target` of a module says: #quipu.cpu, #quipu.gpu or
  /// #quipu.reference.
  mlir::Attribute getAttribute(mlir::MLIRContext *context) const;
  /// What abi::Program::features says: "avx2,fma".
  std::string getRequiredFeatures() const;
  /// "native (znver5)", "x86-64-v3".
  std::string getDescription() const;

  /// For position-independent code.
  std::unique_ptr<llvm::TargetMachine> createMachine() const;
  /// Lets the function use the features, and no others.
  void setAttributes(llvm::Function &function) const;
};

} // namespace quipu

#endif // QUIPU_COMPILER_TARGET_TARGET_H
