//===- token-choice-code.cpp - Prints the PTX of choosing tokens ----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: token-choice-code SM CHIP FEATURES VOCABULARY POOLS
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/TokenChoice.h"
#include "test/codegen/gpu/DeviceModule.h"

using namespace quipu::gpu;

int main(int argc, char **argv) {
  if (argc != 6) {
    llvm::errs()
        << "usage: token-choice-code SM CHIP FEATURES VOCABULARY POOLS\n";
    return 1;
  }
  DeviceModule module(unsigned(std::stoi(argv[1])));
  DeviceBuilder &b = module.builder;
  TokenChoiceShape shape = {std::stoll(argv[4]), std::stoll(argv[4]) * 4,
                            std::stoll(argv[5])};
  mlir::Type pointer = b.getPointerType(1);
  auto add = [&](const char *name, TokenChoiceLaunch launch, auto emit) {
    auto parameters =
        b.createKernel(module.device, name, {pointer, b.getI32Type(), pointer},
                       launch.threads, launch.blocks)
            .getArguments();
    emit(b, shape,
         TokenChoiceArguments{parameters[0], parameters[1], parameters[2]});
    b.ret();
  };
  add("choose", getChoose(shape), emitChoose);
  add("advance", getAdvance(shape), emitAdvance);
  auto ptx = emitPtx(module.device, argv[2], argv[3]);
  if (!ptx) {
    llvm::errs() << toString(ptx.takeError()) << "\n";
    return 1;
  }
  llvm::outs() << *ptx;
}
