//===- gemm-code.cpp - Prints the PTX of a linear layer -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: gemm-code CHIP FORMAT N K TOKENS STAGES [residual | swiglu]
//
// A kernel `gemm` of (tokens, weights, weights of the gated layer, residual,
// result, count): tokens in f16, in panels of 2048 rows, f32 results, f16 ones
// of swiglu; prints "// shared BYTES" first.
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/EmitPtx.h"
#include "compiler/codegen/gpu/Gemm.h"
#include "test/codegen/gpu/DeviceModule.h"

using namespace quipu;
using namespace quipu::gpu;
using mlir::Value;

/// Rows of a panel.
static constexpr int64_t maxTokens = 2048;

/// gate * up / (1 + exp(-gate))
static Value emitSwiGLU(DeviceBuilder &b, Value gate, Value up) {
  Value power = b.exp2(b.mulF(gate, -1.44269504088896));
  return b.mulF(b.mulF(gate, b.reciprocal(b.addF(power, 1.0))), up);
}

int main(int argc, char **argv) {
  if (argc < 7) {
    llvm::errs() << "usage: gemm-code CHIP FORMAT N K TOKENS STAGES "
                    "[residual | swiglu]\n";
    return 1;
  }
  llvm::StringRef chip = argv[1], kind = argc > 7 ? argv[7] : "";
  const WeightFormat *format = findWeightFormat(argv[2]);
  FragmentLayout layout{format, std::atoll(argv[3]), std::atoll(argv[4])};
  bool isSwiGLU = kind == "swiglu";
  unsigned sm = 80;
  chip.substr(3, 2).getAsInteger(10, sm);

  DeviceModule module(sm);
  DeviceBuilder &b = module.builder;
  mlir::gpu::GPUModuleOp device = module.device;
  llvm::SmallVector<mlir::Type> types(6, b.getPointerType(1));
  auto args = b.createKernel(device, "gemm", types, GemmEmitter::getThreads(sm))
                  .getArguments();
  b.launchKernelAfter();
  GemmTask task;
  task.weights.push_back({args[1], layout});
  if (isSwiGLU)
    task.weights.push_back({args[2], layout});
  auto emitter = GemmEmitter::create(
      b, task, {args[0], maxTokens * FragmentCodes::panelRowBytes, layout.k},
      {std::atoll(argv[5]), std::atoll(argv[6])});
  Value count = b.load(b.getI32Type(), args[5]);
  int64_t size = isSwiGLU ? 2 : 4;
  ActivationRows rows{size, layout.n * size};
  auto load = [&](unsigned, const GemmPart &part) {
    return kind == "residual" ? part.load(rows, args[3]) : Values();
  };
  auto finish = [&](unsigned, const GemmPart &part, llvm::ArrayRef<Values> sums,
                    mlir::ValueRange loaded) {
    Values numbers = sums.front();
    for (auto [i, number] : llvm::enumerate(numbers))
      if (isSwiGLU)
        number = emitSwiGLU(b, number, sums[1][i]);
      else if (kind == "residual")
        number = b.addF(number, loaded[i]);
    part.store(rows, args[4], numbers);
  };
  emitter->emit(count, {load, finish});
  b.ret();
  auto ptx = emitPtx(device, chip, sm >= 90 ? "+ptx86" : "+ptx78");
  if (!ptx) {
    llvm::errs() << toString(ptx.takeError()) << "\n";
    return 1;
  }
  llvm::outs() << "// shared " << emitter->getSharedBytes() << "\n" << *ptx;
}
