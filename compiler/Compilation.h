//===- Compilation.h - From a checkpoint to a program -----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_COMPILATION_H
#define QUIPU_COMPILER_COMPILATION_H

#include "compiler/EmitProgram.h"
#include "compiler/Pipeline.h"
#include "compiler/frontend/Checkpoint.h"
#include "compiler/target/LowerKernelAction.h"
#include "compiler/transforms/TunedSchedules.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"
#include <mutex>
#include <optional>

namespace quipu {

/// "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0"
llvm::StringRef getCompilerVersion();

/// What to compile; a path or name is empty when it was not given.
struct CompilationOptions {
  std::string model;
  std::string spec;               // else the family's of models/
  std::vector<std::string> heads; // names or files; else the checkpoint's
  std::string target = "native";
  bool isTargetGiven = false; // and not the default
  std::string tuned;          // a file of quipu tune
  std::string kernels;        // the folder where compiled kernels are kept
  /// The path of a GPU's assembler, or "none"; empty for one that is found.
  std::string assembler;
  uint32_t context = 0;              // positions; 0 for the checkpoint's
  std::string quantization;          // "q4_k_m,token_embd=q8_0"; empty for none
  std::vector<std::string> adapters; // "adapter.gguf", "folder=0.5"
  /// The program makes its weights at the start, from this seed; the checkpoint
  /// needs none.
  std::optional<uint64_t> randomSeed;
  /// For a program that is only measured, without a tokenizer: which of the
  /// cost model's candidates its kernels take.
  std::optional<unsigned> candidate;
};

/// Hears how a compilation goes.
class CompilationListener {
public:
  virtual ~CompilationListener() = default;
  /// What is going on, and how much of it all is done, from 0 to 1.
  virtual void show(llvm::StringRef work, double done) {}
  /// May add instrumentation to passes that are about to run.
  virtual void prepare(mlir::PassManager &passes) {}
};

/// Goes from stage to stage, from a checkpoint and its family's spec or from
/// the text of a stage. What is wrong becomes a diagnostic of the context.
class Compilation {
public:
  /// `sourceManager` gets the texts that diagnostics point into.
  Compilation(const CompilationOptions &options, mlir::MLIRContext &context,
              llvm::SourceMgr &sourceManager, CompilationListener &listener);

  /// Finds out what the target's name stands for. Before all others.
  llvm::LogicalResult findTarget();
  /// The stages that lead to programs for the target.
  llvm::ArrayRef<Stage> getStages() const { return stages; }
  /// The stage of that name, or null.
  const Stage *findStage(llvm::StringRef name) const;
  const Backend &getBackend() const { return *backend; }
  /// The code of a program for several processors differs from the stage
  /// `scheduled` on.
  llvm::ArrayRef<ProgramVariant> getVariants() const { return parts.variants; }

  /// Opens the checkpoint, and reads the stage `first` from the file or, for
  /// the stage `spec` without one, from models/. `last` is where it will end.
  llvm::LogicalResult begin(const Stage &first, llvm::StringRef file,
                            const Stage &last);
  /// From the stage before to this one, or the check of the first one. For
  /// stages with a module.
  llvm::LogicalResult run(const Stage &stage);
  /// The text of the stage that was reached.
  llvm::LogicalResult print(const Stage &stage, llvm::raw_ostream &os);
  /// From the stage `llvm` to the finished file, whose size is returned.
  llvm::FailureOr<uint64_t> writeProgram(const LinkOptions &link);

private:
  llvm::LogicalResult fail(const llvm::Twine &sentence);
  llvm::LogicalResult fail(llvm::Error error);
  llvm::LogicalResult openTuned();
  llvm::LogicalResult parse(llvm::StringRef file);
  /// The targets of a file that the compilation begins with are the variants'.
  llvm::LogicalResult adoptTargets();
  llvm::LogicalResult runPasses(const Stage &stage,
                                const ProgramVariant &variant);
  void setOptions(StageOptions &options, const Stage &stage,
                  const Target &target);
  void show(const Stage &stage, const ProgramVariant &variant,
            const LowerKernelAction &lower);
  /// That a spec which misses tensors knows those that there are: what it does
  /// not compute is said before what it misses.
  llvm::LogicalResult checkKnown();
  /// That the spec uses all of the checkpoint, in all layers.
  llvm::LogicalResult checkUsed();
  llvm::LogicalResult failUnused(llvm::StringRef tensor,
                                 const llvm::Twine &what = "the tensor");
  /// What the program has besides code and weights, before the kernels take
  /// their time.
  llvm::Error prepare();
  void warnOfChatTemplate();
  /// Machine code for devices, in the variants' modules, which have it from
  /// the first call on.
  llvm::Error assemble();
  llvm::Error printModule(const Stage &stage, llvm::raw_ostream &os);
  llvm::Error printAssembly(llvm::raw_ostream &os);
  /// How much is done when `done` of the stage is.
  double getPart(const Stage &stage, double done) {
    return (static_cast<double>(&stage - first) + done) /
           static_cast<double>(last - first + 1);
  }

  const CompilationOptions &options;
  mlir::MLIRContext &context;
  llvm::SourceMgr &sourceManager;
  CompilationListener &listener;
  std::mutex progress; // kernels are compiled by several threads
  const Backend *backend = nullptr;
  llvm::SmallVector<Stage> stages;
  const Stage *scheduled = nullptr; // from here on the variants differ
  const Stage *first = nullptr, *last = nullptr;
  std::optional<TunedSchedules> tuned;
  std::unique_ptr<Checkpoint> checkpoint;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// For the variants but the first.
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> copies;
  std::vector<uint8_t> tokenizer;
  bool isPrepared = false, isAssembled = false;
  /// One variant for each target; up to the stage `fused` all have the same
  /// module.
  ProgramParts parts;
};

} // namespace quipu

#endif // QUIPU_COMPILER_COMPILATION_H
