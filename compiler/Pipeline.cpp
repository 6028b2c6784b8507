//===- Pipeline.cpp - The stages from spec to program ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipeline.h"
#include "compiler/codegen/cpu/CpuBackend.h"
#include "compiler/codegen/gpu/EmitPtx.h"
#include "compiler/codegen/gpu/GpuBackend.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "compiler/codegen/host/Passes.h"
#include "compiler/codegen/reference/Passes.h"
#include "compiler/codegen/reference/ReferenceBackend.h"
#include "compiler/frontend/Passes.h"
#include "compiler/target/Passes.h"
#include "compiler/transforms/Passes.h"
#include "dialect/Quipu.h"
#include "dialect/Targets.h"
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
  bind.random = options.random;
  bind.quantization = options.quantization;
  bind.tokens = llvm::to_vector(options.tokens);
  passes.addPass(createBindCheckpoint(bind));
}

static void attachTarget(OpPassManager &passes, const StageOptions &options) {
  AttachTargetOptions attach;
  attach.names = llvm::to_vector(options.targets);
  passes.addPass(createAttachTarget(attach));
}

static void addFused(OpPassManager &passes, const StageOptions &options) {
  attachTarget(passes, options);
  passes.addPass(createQuantizeActivations());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createFuseKernels());
  passes.addPass(createInsertCopies());
  passes.addPass(createMergeLayers());
  passes.addPass(createMergeKernels());
}

//===----------------------------------------------------------------------===//
// Legal ops
//===----------------------------------------------------------------------===//

static constexpr StringRef specOps[] = {
    "quipu.model",  "quipu.head",      "quipu.param", "quipu.layer_set",
    "quipu.input",  "quipu.positions", "compute",     "quipu.choose",
    "quipu.layers", "quipu.yield",     "quipu.output"};
static constexpr StringRef graphOps[] = {
    "quipu.model",  "quipu.weight", "quipu.entry",     "quipu.state",
    "quipu.step",   "quipu.input",  "quipu.positions", "compute",
    "quipu.layers", "quipu.yield",  "quipu.output"};
static constexpr StringRef fusedOps[] = {
    "quipu.model",  "quipu.weight", "quipu.entry", "quipu.state",
    "quipu.kernel", "quipu.step",   "quipu.input", "quipu.positions",
    "quipu.launch", "quipu.layers", "quipu.yield", "quipu.output"};
static constexpr StringRef kernelOps[] = {"compute", "quipu.yield"};

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static const Stage sharedStages[] = {
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
};

SmallVector<Stage> quipu::getStages(const Backend &backend) {
  SmallVector<Stage> stages(ArrayRef<Stage>{sharedStages});
  llvm::append_range(stages, backend.getStages());
  return stages;
}

std::string quipu::listStages(ArrayRef<Stage> stages) {
  return llvm::join(
      llvm::map_range(stages, [](const Stage &stage) { return stage.name; }),
      ", ");
}

//===----------------------------------------------------------------------===//
// The backends
//===----------------------------------------------------------------------===//

ArrayRef<const Backend *> quipu::getBackends() {
  static const Backend *const backends[] = {
      &getCpuBackend(), &gpu::getGpuBackend(), &getReferenceBackend()};
  return backends;
}

const Backend &quipu::getBackend(Attribute target) {
  if (auto several = dyn_cast_or_null<ArrayAttr>(target))
    target = several[0];
  for (const Backend *backend : getBackends())
    if (target && backend->makes(target))
      return *backend;
  return *getBackends().front();
}

const Backend &quipu::getBackend(const Target &target) {
  MLIRContext context;
  context.loadDialect<QuipuDialect>();
  return getBackend(target.getAttribute(&context));
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

void quipu::addStage(OpPassManager &passes, const Stage &stage,
                     const StageOptions &options) {
  if (stage.addPasses)
    stage.addPasses(passes, options);
  passes.addPass(createVerifyStagePass(stage.name));
}

void quipu::registerDialects(DialectRegistry &registry) {
  registry
      .insert<QuipuDialect, LLVM::LLVMDialect, arith::ArithDialect,
              cf::ControlFlowDialect, scf::SCFDialect, mlir::gpu::GPUDialect,
              NVVM::NVVMDialect, vector::VectorDialect>();
  gpu::registerPtxTranslation(registry);
}

static void registerStages(ArrayRef<Stage> stages, StringRef backend) {
  for (const Stage &stage : stages)
    if (stage.addPasses)
      PassPipelineRegistration<StageOptions>(
          (backend + "stage-" + stage.name).str(),
          ("makes stage '" + stage.name + "': " + stage.meaning).str(),
          [&stage](OpPassManager &passes, const StageOptions &options) {
            addStage(passes, stage, options);
          });
}

void quipu::registerPasses() {
  registerTransformsPasses();
  registerQuipuCodegenHostPasses();
  registerCpuPasses();
  gpu::registerQuipuCodegenGPUPasses();
  registerQuipuCodegenReferencePasses();
  registerQuipuFrontendPasses();
  registerQuipuTargetPasses();
  registerQuipuTransformsPasses();
  registerPass([] { return createVerifyStagePass(); });
  registerStages(sharedStages, "");
  for (const Backend *backend : getBackends())
    registerStages(backend->getStages(), (backend->getName() + "-").str());
}
