//===- GpuBackend.cpp - Programs for GPUs ---------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/GpuBackend.h"
#include "compiler/codegen/gpu/Ptxas.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "compiler/codegen/host/HostStages.h"
#include "compiler/codegen/host/Passes.h"
#include "compiler/transforms/Passes.h"
#include "dialect/Targets.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace quipu;

static void addScheduled(OpPassManager &passes, const StageOptions &options) {
  addOneTarget(passes, options);
  passes.nest<ModelOp>().nest<KernelOp>().addPass(
      quipu::gpu::createChooseGpuSchedules(
          {.candidate = options.candidate, .tuned = options.tuned}));
  addPlan(passes);
}

static void addGpu(OpPassManager &passes, const StageOptions & /*options*/) {
  // Launches in one stream follow each other: what barriers are for.
  passes.addPass(createLowerSteps({.serial = true}));
  passes.addPass(quipu::gpu::createLowerKernelsToGpu());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
}

static void addLlvm(OpPassManager &passes, const StageOptions & /*options*/) {
  passes.addPass(quipu::gpu::createEmitDeviceCode());
  addHostConversions(passes);
}

static constexpr StringRef gpuOps[] = {
    "quipu.model", "quipu.weight", "quipu.state", "quipu.entry", "llvm",
    "scf",         "arith",        "gpu",         "nvvm",        "vector"};

namespace {
class GpuBackend : public Backend {
public:
  StringRef getName() const final { return "gpu"; }
  bool makes(Attribute target) const final { return isa<GpuAttr>(target); }
  ArrayRef<Stage> getStages() const final { return stages; }
  bool hasCandidates() const final { return true; }
  ArrayRef<StringRef> getLibraries() const final {
    static constexpr StringRef libraries[] = {"libquipu-cuda.a"};
    return libraries;
  }

  ArrayRef<int64_t> getStepTokens() const final {
    static constexpr int64_t tokens[] = {1, 16, 128, 2048};
    return tokens;
  }

  std::string printText(ModuleOp module, const Stage &stage) const final {
    auto code = module->getAttrOfType<DeviceCodeAttr>(deviceCodeName);
    return code && (stage.name == "ptx" || stage.name == "cubin")
               ? code.getImage().getValue().str()
               : "";
  }

  llvm::Error assemble(ModuleOp module, StringRef assembler) const final {
    auto code = module->getAttrOfType<DeviceCodeAttr>(deviceCodeName);
    std::optional<std::string> found =
        assembler.empty() ? quipu::gpu::findPtxas() : assembler.str();
    if (!code || !found || assembler == "none")
      return llvm::Error::success();
    auto assembled = quipu::gpu::runPtxas(*found, code.getImage().getValue(),
                                          code.getChip().getValue());
    Location location = UnknownLoc::get(module.getContext());
    if (!assembled && !assembler.empty())
      return assembled.takeError();
    if (!assembled) {
      // An old one does not know all instructions; the driver may.
      emitWarning(location) << llvm::toString(assembled.takeError())
                            << "; the driver compiles them at each start";
      return llvm::Error::success();
    }
    for (const std::string &loss : assembled->losses)
      emitWarning(location) << loss;
    module->setAttr(deviceCodeName,
                    DeviceCodeAttr::get(
                        module.getContext(), code.getChip(),
                        StringAttr::get(module.getContext(), assembled->cubin),
                        code.getKernels()));
    return llvm::Error::success();
  }

private:
  SmallVector<Stage> stages = [] {
    SmallVector<Stage> stages =
        getHostStages(addScheduled, addLlvm, "compiler/codegen/gpu");
    Stage *host = llvm::find_if(
        stages, [](const Stage &stage) { return stage.name == "cpu"; });
    *host = {"gpu",
             "compiler/codegen/gpu",
             "each step a function of the host that launches kernels layer by "
             "layer, and those of the device",
             addGpu,
             gpuOps,
             {}};
    Stage *text = llvm::find_if(
        stages, [](const Stage &stage) { return stage.name == "asm"; });
    Stage device[] = {{"ptx",
                       "compiler/codegen/gpu",
                       "the text of the device's code",
                       nullptr,
                       {},
                       {}},
                      {"cubin",
                       "compiler/codegen/gpu",
                       "the device's machine code, where ptxas is found",
                       nullptr,
                       {},
                       {}}};
    stages.insert(text, std::begin(device), std::end(device));
    return stages;
  }();
};
} // namespace

const Backend &quipu::gpu::getGpuBackend() {
  static const GpuBackend backend;
  return backend;
}
