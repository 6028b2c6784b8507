//===- device-code.cpp - Prints the PTX of small kernels ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: device-code KERNEL SM CHIP FEATURES
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/DeviceBuilder.h"
#include "compiler/codegen/gpu/EmitPtx.h"
#include "test/codegen/gpu/DeviceModule.h"

using namespace quipu::gpu;
using mlir::Value;

/// Sums of `count` numbers a lane, brought together over the warp, and pairs
/// of them.
static void emitRows(DeviceBuilder &b, mlir::Block::BlockArgListType args) {
  Value thread = b.getThread();
  Value from = b.at(args[0], b.mul(b.extend(thread), 16));
  Values sums =
      b.forEach(0, args[2], 1, b.f32(0), [&](Value i, Values sums) -> Values {
        Value row = b.at(from, b.mul(b.extend(i), 4096));
        for (Value number : b.loadVector(b.getF32Type(), 4, row))
          sums[0] = b.addF(sums[0], number);
        return sums;
      });
  Value sum =
      b.reduce(sums[0], 32, [&](Value x, Value y) { return b.addF(x, y); });
  Values both = b.choose(
      b.less(thread, 16),
      [&]() -> Values { return {b.exp2(sum), b.mulF(sum, 2.0)}; },
      [&]() -> Values { return {sum, b.negF(sum)}; });
  Value pair = b.pack(Half::BF16, both[0], both[1]);
  pair = b.mulPair(Half::BF16, pair, b.pairOf(Half::BF16, 0.5));
  b.store(b.lop3(pair, 0x000f000f, 0x43004300, 0xea),
          b.at(args[1], b.mul(b.extend(thread), 4)));
}

/// m16n8k16 of what cp.async has brought to shared memory.
static void emitProduct(DeviceBuilder &b, mlir::Block::BlockArgListType args) {
  Value shared = b.getSharedMemory(), thread = b.getThread();
  Value place = b.mul(thread, 16);
  b.copyAsync(b.at(shared, place), b.at(args[0], b.extend(place)), 16);
  b.commitCopies();
  b.waitCopies(0);
  b.syncBlock();
  Values words = b.loadMatrices(b.at(shared, place));
  Values zeros(4, b.f32(0));
  Values sums = b.mma(Half::F16, words, {words[0], words[1]}, zeros);
  b.storeVector(sums, b.at(args[1], b.extend(place)));
}

/// 64 x 64 products of registers and shared memory, which a bulk copy fills.
static void emitWarpgroup(DeviceBuilder &b,
                          mlir::Block::BlockArgListType args) {
  Value shared = b.getSharedMemory(), thread = b.getThread();
  Value barrier = b.at(shared, 8192);
  b.launchKernelAfter();
  b.ifThen(b.equal(thread, 0), [&] {
    b.initBarrier(barrier, 1);
    b.fenceBarriers();
    b.arriveExpecting(barrier, 8192);
    b.copyBulk(shared, args[0], 8192, barrier);
  });
  b.syncBlock();
  b.waitForKernelBefore();
  b.waitParity(barrier, 0);
  Values weights = b.loadVector(b.getI32Type(), 4,
                                b.at(args[1], b.mul(b.extend(thread), 16)));
  Value descriptor = b.getDescriptor(shared);
  b.fenceWgmma();
  Values sums = b.wgmma(Half::BF16, 64, {}, weights, descriptor);
  sums = b.wgmma(Half::BF16, 64, sums, weights, b.add(descriptor, 2));
  b.commitWgmma();
  b.waitWgmma(0, sums);
  for (unsigned i = 0; i < sums.size(); i += 4)
    b.storeVector(mlir::ValueRange(sums).slice(i, 4),
                  b.at(args[1], b.mul(b.extend(thread), 256)));
}

int main(int argc, char **argv) {
  if (argc != 5) {
    llvm::errs() << "usage: device-code KERNEL SM CHIP FEATURES\n";
    return 1;
  }
  llvm::StringRef kernel = argv[1];
  DeviceModule module(unsigned(std::stoi(argv[2])));
  DeviceBuilder &b = module.builder;
  mlir::gpu::GPUModuleOp device = module.device;
  auto function = b.createKernel(
      device, kernel,
      {b.getPointerType(1), b.getPointerType(1), b.getI32Type()}, 128);
  auto emit = kernel == "rows"      ? emitRows
              : kernel == "product" ? emitProduct
                                    : emitWarpgroup;
  emit(b, function.getArguments());
  b.ret();
  auto ptx = emitPtx(device, argv[3], argv[4]);
  if (!ptx) {
    llvm::errs() << toString(ptx.takeError()) << "\n";
    return 1;
  }
  llvm::outs() << *ptx;
}
