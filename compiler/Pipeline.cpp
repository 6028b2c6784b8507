//===- Pipeline.cpp - The stages from spec to program ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipeline.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "compiler/codegen/host/Passes.h"
#include "compiler/codegen/reference/Passes.h"
#include "compiler/frontend/Passes.h"
#include "compiler/target/Passes.h"
#include "compiler/transforms/Passes.h"
#include "dialect/Quipu.h"
#include "dialect/Targets.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace quipu;

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

static void addGraph(OpPassManager &passes, const StageOptions &options) {
  BindCheckpointOptions bind;
  bind.checkpoint = options.checkpoint;
  bind.tokens = llvm::to_vector(options.tokens);
  passes.addPass(createBindCheckpoint(bind));
}

static void addTarget(OpPassManager &passes, const StageOptions &options) {
  AttachTargetOptions attach;
  attach.names = llvm::to_vector(options.targets);
  passes.addPass(createAttachTarget(attach));
}

static void addFused(OpPassManager &passes, const StageOptions &options) {
  addTarget(passes, options);
  passes.addPass(createQuantizeActivations());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createFuseKernels());
  passes.addPass(createInsertCopies());
  passes.addPass(createMergeKernels());
}

static void addScheduled(OpPassManager &passes, const StageOptions &options) {
  addTarget(passes, options);
  passes.addPass(createSpecializeKernels());
  passes.addPass(createChooseSchedules(
      {.candidate = options.candidate, .tuned = options.tuned}));
  passes.addPass(createAssignWeightOffsets());
  passes.nest<ModelOp>().addPass(createAssignStateOffsets());
  passes.addPass(createPlanMemory());
  passes.addPass(createInsertBarriers());
}

static void addCpu(OpPassManager &passes, const StageOptions & /*options*/) {
  passes.addPass(createLowerSteps());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
}

static void addLlvm(OpPassManager &passes, const StageOptions &options) {
  // Each leaves the other's kernels alone.
  passes.addPass(createLowerKernelsToReference());
  passes.addPass(createLowerKernels({.cache = options.kernels}));
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
}

//===----------------------------------------------------------------------===//
// Legal ops
//===----------------------------------------------------------------------===//

static constexpr StringRef specOps[] = {
    "quipu.model",  "quipu.head",      "quipu.param",
    "quipu.input",  "quipu.positions", "compute",
    "quipu.layers", "quipu.yield",     "quipu.output"};
static constexpr StringRef graphOps[] = {
    "quipu.model",  "quipu.weight", "quipu.entry",     "quipu.state",
    "quipu.step",   "quipu.input",  "quipu.positions", "compute",
    "quipu.layers", "quipu.yield",  "quipu.output"};
static constexpr StringRef fusedOps[] = {
    "quipu.model",  "quipu.weight", "quipu.entry", "quipu.state",
    "quipu.kernel", "quipu.step",   "quipu.input", "quipu.positions",
    "quipu.launch", "quipu.layers", "quipu.yield", "quipu.output"};
static constexpr StringRef scheduledOps[] = {
    "quipu.model",  "quipu.weight",  "quipu.entry",  "quipu.state",
    "quipu.kernel", "quipu.step",    "quipu.input",  "quipu.positions",
    "quipu.launch", "quipu.barrier", "quipu.layers", "quipu.yield",
    "quipu.output"};
static constexpr StringRef cpuOps[] = {
    "quipu.model",  "quipu.weight", "quipu.state", "quipu.entry",
    "quipu.kernel", "llvm",         "scf",         "arith"};
static constexpr StringRef llvmOps[] = {"quipu.model", "quipu.weight",
                                        "quipu.state", "quipu.entry", "llvm"};
static constexpr StringRef kernelOps[] = {"compute", "quipu.yield"};

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const Stage stages[] = {
    {"spec",
     "models",
     "the family's spec, with names for its sizes",
     nullptr,
     specOps,
     {}},
    {"graph",
     "compiler/frontend",
     "bound to a checkpoint: every shape a number, every weight with its "
     "format",
     addGraph,
     graphOps,
     {}},
    {"fused", "compiler/transforms",
     "kernels, each a group of ops that runs without a barrier inside",
     addFused, fusedOps, kernelOps},
    {"scheduled", "compiler/transforms",
     "schedules chosen, weights and memory in their places, barriers set",
     addScheduled, scheduledOps, kernelOps},
    {"cpu", "compiler/codegen",
     "each step a function of the host that calls kernels layer by layer",
     addCpu, cpuOps, kernelOps},
    {"llvm",
     "compiler/codegen/cpu",
     "LLVM's dialect, around the bitcode that Halide makes of the kernels",
     addLlvm,
     llvmOps,
     {}},
    {"asm", "compiler/link", "the text of the machine code", nullptr, {}, {}},
    {"program",
     "compiler/link",
     "an executable, or a library and its header",
     nullptr,
     {},
     {}},
};

ArrayRef<Stage> quipu::getStages() { return stages; }

const Stage *quipu::findStage(StringRef name) {
  const Stage *stage = llvm::find_if(
      stages, [&](const Stage &known) { return known.name == name; });
  return stage == std::end(stages) ? nullptr : stage;
}

std::string quipu::listStages(bool modulesOnly) {
  SmallVector<StringRef> names;
  for (const Stage &stage : stages)
    if (stage.isModule() || !modulesOnly)
      names.push_back(stage.name);
  return llvm::join(names, ", ");
}

void quipu::addStage(OpPassManager &passes, const Stage &stage,
                     const StageOptions &options) {
  if (stage.addPasses)
    stage.addPasses(passes, options);
  passes.addPass(createVerifyStagePass(stage.name));
}

void quipu::registerDialects(DialectRegistry &registry) {
  registry.insert<QuipuDialect, LLVM::LLVMDialect, arith::ArithDialect,
                  cf::ControlFlowDialect, scf::SCFDialect>();
}

void quipu::registerPasses() {
  registerTransformsPasses();
  registerQuipuCodegenHostPasses();
  registerQuipuCodegenCPUPasses();
  registerQuipuCodegenReferencePasses();
  registerQuipuFrontendPasses();
  registerQuipuTargetPasses();
  registerQuipuTransformsPasses();
  registerPass([] { return createVerifyStagePass(); });
  for (const Stage &stage : stages)
    if (stage.addPasses)
      PassPipelineRegistration<StageOptions>(
          ("stage-" + stage.name).str(),
          ("makes stage '" + stage.name + "': " + stage.meaning).str(),
          [&stage](OpPassManager &passes, const StageOptions &options) {
            addStage(passes, stage, options);
          });
}
