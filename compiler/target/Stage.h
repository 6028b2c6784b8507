//===- Stage.h - A step on the way from spec to program ---------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_TARGET_STAGE_H
#define QUIPU_COMPILER_TARGET_STAGE_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace quipu {

/// What the passes of the stages must know. quipu-opt reads it from the text of
/// a pipeline, `--stage-graph="checkpoint=model.gguf"`.
struct StageOptions : mlir::PassPipelineOptions<StageOptions> {
  Option<std::string> checkpoint{*this, "checkpoint",
                                 llvm::cl::desc("path of the GGUF file")};
  Option<std::string> quantization{
      *this, "quantize", llvm::cl::desc("the formats that its tensors get")};
  Option<bool> random{*this, "random-weights",
                      llvm::cl::desc("the file needs no weights"),
                      llvm::cl::init(false)};
  ListOption<int64_t> tokens{*this, "tokens",
                             llvm::cl::desc("a step for each number of tokens"),
                             llvm::cl::list_init<int64_t>({1, 16, 128})};
  ListOption<std::string> targets{
      *this, "target",
      llvm::cl::desc("what the code is for; none where the module says it")};
  Option<std::string> kernels{
      *this, "kernels", llvm::cl::desc("folder for the kernels' bitcode")};
  Option<unsigned> candidate{*this, "candidate",
                             llvm::cl::desc("which of the cost model's "
                                            "candidates kernels take"),
                             llvm::cl::init(0)};
  Option<std::string> tuned{*this, "tuned",
                            llvm::cl::desc("a file of quipu tune")};
};

struct Stage {
  llvm::StringRef name;
  /// The folder of the source that makes it.
  llvm::StringRef folder;
  /// What the model is then: the end of a sentence.
  llvm::StringRef meaning;
  /// Adds the passes that lead here from the stage before; null when it is not
  /// passes that do.
  void (*addPasses)(mlir::OpPassManager &, const StageOptions &);
  /// Names of ops and of dialects that may be there afterwards, in a kernel
  /// and elsewhere. "compute" stands for every op that runs in kernels.
  llvm::ArrayRef<llvm::StringRef> legal, legalInKernels;

  /// Whether the stage can be printed and parsed as MLIR.
  bool isModule() const { return !legal.empty(); }
  /// Whether it is no text, which a folder of stages does not have.
  bool isBinary() const { return name == "program" || name == "cubin"; }
};

} // namespace quipu

#endif // QUIPU_COMPILER_TARGET_STAGE_H
