//===- attention-code.cpp - Prints the PTX of a kernel of attention -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: attention-code KERNEL SM CHIP FEATURES HEADS GROUP KEYDIM VALUEDIM
//                       TOKENS [full | window=N | cap=N | sinks | rounded |
//                       latent]...
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/EmitPtx.h"
#include "compiler/codegen/gpu/lower/Attention.h"
#include "test/codegen/gpu/DeviceModule.h"

using namespace quipu;
using namespace quipu::gpu;

static AttentionShape getShape(llvm::ArrayRef<char *> arguments) {
  auto number = [&](int i) { return std::atoll(arguments[i]); };
  AttentionShape shape;
  shape.cache = {abi::CacheType::F16, number(0), number(2), number(3)};
  shape.group = number(1);
  shape.tokens = number(4);
  shape.scale = 0.125;
  shape.result.numberBytes = 4;
  shape.queryRowBytes = shape.queryHeads() * shape.cache.keyDim * 4;
  for (llvm::StringRef option : arguments.drop_front(5)) {
    if (option == "full")
      shape.isFull = true;
    else if (option == "latent")
      shape.cache.valuesInKeys = true;
    else if (option == "rounded")
      shape.result.numberBytes = 2;
    else if (option == "sinks")
      shape.hasSinks = true;
    else if (option.consume_front("window="))
      option.getAsInteger(10, shape.window);
    else if (option.consume_front("cap="))
      shape.softCap = float(std::atof(option.data()));
  }
  shape.layerBytes = shape.pageBytes = shape.cache.bytes();
  shape.result.rowBytes =
      shape.queryHeads() * shape.cache.valueDim * shape.result.numberBytes;
  return shape;
}

int main(int argc, char **argv) {
  if (argc < 10) {
    llvm::errs() << "usage: attention-code KERNEL SM CHIP FEATURES HEADS GROUP "
                    "KEYDIM VALUEDIM TOKENS OPTIONS...\n";
    return 1;
  }
  llvm::StringRef kernel = argv[1];
  AttentionShape shape = getShape({argv + 5, argv + argc});
  DeviceModule module(unsigned(std::stoi(argv[2])));
  DeviceBuilder &b = module.builder;
  mlir::gpu::GPUModuleOp device = module.device;
  int64_t maxShared = (shape.cache.valuesInKeys ? 227 : 99) << 10;
  AttentionLaunch launch = kernel == "blocked" ? getBlockedAttention(shape)
                           : kernel == "plain" ? getPlainAttention(shape)
                           : kernel == "split"
                               ? getSplitAttention(shape, maxShared)
                               : getWarpgroupAttention(shape);
  mlir::Type pointer = b.getPointerType(1);
  auto parameters =
      b.createKernel(device, kernel,
                     {pointer, b.getI32Type(), pointer, pointer, pointer},
                     launch.threads)
          .getArguments();
  AttentionArguments arguments{parameters[0], parameters[1], parameters[2],
                               parameters[3], parameters[4]};
  if (kernel == "blocked")
    emitBlockedAttention(b, shape, arguments);
  else if (kernel == "plain")
    emitPlainAttention(b, shape, arguments);
  else if (kernel == "split")
    emitSplitAttention(b, shape, arguments, maxShared);
  else
    emitWarpgroupAttention(b, shape, arguments);
  b.ret();
  auto ptx = emitPtx(device, argv[3], argv[4]);
  if (!ptx) {
    llvm::errs() << toString(ptx.takeError()) << "\n";
    return 1;
  }
  llvm::outs() << *ptx;
}
