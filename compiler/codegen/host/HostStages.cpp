//===- HostStages.cpp - Stages of kernels that threads run ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/host/HostStages.h"
#include "compiler/codegen/host/Passes.h"
#include "compiler/target/Passes.h"
#include "compiler/transforms/Passes.h"
#include "dialect/Quipu.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace quipu;

void quipu::addOneTarget(OpPassManager &passes, const StageOptions &options) {
  AttachTargetOptions attach;
  attach.names = llvm::to_vector(options.targets);
  passes.addPass(createAttachTarget(attach));
  passes.addPass(createSpecializeKernels());
}

void quipu::addPlan(OpPassManager &passes) {
  passes.addPass(createAssignWeightOffsets());
  passes.nest<ModelOp>().addPass(createAssignStateOffsets());
  passes.addPass(createPlanMemory());
  passes.addPass(createInsertBarriers());
}

void quipu::addHostSteps(OpPassManager &passes,
                         const StageOptions & /*options*/) {
  passes.addPass(createLowerSteps());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
}

void quipu::addHostConversions(OpPassManager &passes) {
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
}

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

SmallVector<Stage> quipu::getHostStages(decltype(Stage::addPasses) addScheduled,
                                        decltype(Stage::addPasses) addLlvm,
                                        StringRef folder) {
  return {
      {"scheduled", "compiler/transforms",
       "schedules chosen, weights and memory in their places, barriers set",
       addScheduled, scheduledOps, kernelOps},
      {"cpu", "compiler/codegen/host",
       "each step a function of the host that calls kernels layer by layer",
       addHostSteps, cpuOps, kernelOps},
      {"llvm",
       folder,
       "LLVM's dialect, with the code of the kernels",
       addLlvm,
       llvmOps,
       {}},
      {"asm", "compiler/emit", "the text of the machine code", nullptr, {}, {}},
      {"program",
       "compiler/link",
       "an executable, or a library and its header",
       nullptr,
       {},
       {}},
  };
}
