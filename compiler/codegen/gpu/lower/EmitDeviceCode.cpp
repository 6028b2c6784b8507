//===- EmitDeviceCode.cpp - PTX in place of a GPU's functions -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/EmitPtx.h"
#include "compiler/codegen/gpu/lower/Passes.h"
#include "dialect/Targets.h"

using namespace mlir;
using namespace quipu;

namespace quipu::gpu {
#define GEN_PASS_DEF_EMITDEVICECODE
#include "compiler/codegen/gpu/lower/Passes.h.inc"
} // namespace quipu::gpu

/// The oldest that has the chip and its instructions, so that older drivers
/// read it: those for CUDA 12.7 and 11.8.
static StringRef getPtxVersion(GpuAttr gpu) {
  return gpu.hasBulkCopies() ? "+ptx86" : "+ptx78";
}

namespace {
struct EmitDeviceCode : quipu::gpu::impl::EmitDeviceCodeBase<EmitDeviceCode> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<GpuAttr> gpu = getGpu(module);
    if (failed(gpu))
      return signalPassFailure();
    auto devices = llvm::to_vector(module.getOps<mlir::gpu::GPUModuleOp>());
    if (devices.size() != 1) {
      module.emitError("has ")
          << devices.size()
          << " GPU modules instead of one; run lower-kernels-to-gpu first";
      return signalPassFailure();
    }
    SmallVector<DeviceKernelAttr> kernels;
    for (auto function : devices[0].getOps<LLVM::LLVMFuncOp>())
      if (auto kernel =
              function->getAttrOfType<DeviceKernelAttr>(deviceKernelName)) {
        kernels.push_back(kernel);
        function->removeAttr(deviceKernelName);
      }
    llvm::Expected<std::string> text =
        quipu::gpu::emitPtx(devices[0], gpu->getChip(), getPtxVersion(*gpu));
    if (!text) {
      devices[0].emitError(llvm::toString(text.takeError()));
      return signalPassFailure();
    }
    module->setAttr(deviceCodeName,
                    DeviceCodeAttr::get(&getContext(), gpu->getChip(),
                                        StringAttr::get(&getContext(), *text),
                                        kernels));
    devices[0].erase();
  }
};
} // namespace
