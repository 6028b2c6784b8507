//===- DeviceHardware.cpp - Barriers, copies and tensor cores of GPUs -----===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/DeviceBuilder.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace quipu::gpu;

/// What a wait for a barrier sleeps at most before it looks again, in ns.
static constexpr int64_t waitTicks = 10'000'000;

/// What createpolicy.fractional.L2::evict_first of all bytes gives.
static constexpr int64_t evictFirst = 0x12F0000000000000;

void DeviceBuilder::require(unsigned needed) const {
  assert(sm >= needed && "the chip does not have this instruction");
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value DeviceBuilder::shuffleXor(Value value, unsigned mask) {
  return NVVM::ShflOp::create(*this, value.getType(), i32(-1), value, i32(mask),
                              i32(31), NVVM::ShflKind::bfly, UnitAttr());
}

Value DeviceBuilder::shuffle(Value value, Operand lane) {
  return NVVM::ShflOp::create(*this, value.getType(), i32(-1), value,
                              constant(getI32Type(), lane), i32(31),
                              NVVM::ShflKind::idx, UnitAttr());
}

Value DeviceBuilder::reduce(Value value, unsigned lanes,
                            function_ref<Value(Value, Value)> combine) {
  for (unsigned distance = lanes / 2; distance; distance /= 2)
    value = combine(value, shuffleXor(value, distance));
  return value;
}

Value DeviceBuilder::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(*this, getI32Type(), i32(-1), condition,
                                  NVVM::VoteSyncKind::ballot);
}

Value DeviceBuilder::countBits(Value number) {
  return LLVM::CtPopOp::create(*this, getI32Type(), number);
}

Value DeviceBuilder::isElected() {
  require(90);
  return NVVM::ElectSyncOp::create(*this, getI1Type(), /*membermask=*/Value());
}

void DeviceBuilder::syncBlock() { NVVM::Barrier0Op::create(*this); }

void DeviceBuilder::syncWarp() { NVVM::SyncWarpOp::create(*this, i32(-1)); }

void DeviceBuilder::syncThreads(Operand id, unsigned threads) {
  NVVM::BarrierOp::create(*this, TypeRange(), constant(getI32Type(), id),
                          i32(threads), NVVM::BarrierReductionAttr(), Value());
}

void DeviceBuilder::waitForKernelBefore() {
  if (sm >= 90)
    NVVM::GriddepcontrolOp::create(*this, NVVM::GridDepActionKind::wait);
}

void DeviceBuilder::launchKernelAfter() {
  if (sm >= 90)
    NVVM::GriddepcontrolOp::create(*this,
                                   NVVM::GridDepActionKind::launch_dependents);
}

//===----------------------------------------------------------------------===//
// Copies and their barriers
//===----------------------------------------------------------------------===//

void DeviceBuilder::initBarrier(Value barrier, Operand count) {
  require(80);
  NVVM::MBarrierInitOp::create(*this, barrier, constant(getI32Type(), count),
                               /*predicate=*/Value());
}

void DeviceBuilder::fenceBarriers() {
  require(90);
  NVVM::FenceMbarrierInitOp::create(*this);
}

void DeviceBuilder::arrive(Value barrier) {
  require(90);
  NVVM::MBarrierArriveOp::create(*this, /*res=*/Type(), barrier,
                                 /*count=*/Value());
}

void DeviceBuilder::arriveExpecting(Value barrier, Operand bytes) {
  require(90);
  NVVM::MBarrierArriveExpectTxOp::create(*this, /*res=*/Type(), barrier,
                                         constant(getI32Type(), bytes),
                                         NVVM::MemScopeKind::CTA,
                                         /*relaxed=*/false,
                                         /*predicate=*/Value());
}

void DeviceBuilder::waitParity(Value barrier, Operand parity) {
  require(90);
  NVVM::MBarrierTryWaitParityOp::create(
      *this, barrier, constant(getI32Type(), parity), i32(waitTicks));
}

void DeviceBuilder::copyBulk(Value shared, Value global, Operand bytes,
                             Value barrier, bool readOnce) {
  require(90);
  NVVM::CpAsyncBulkGlobalToSharedClusterOp::create(
      *this, shared, global, barrier, constant(getI32Type(), bytes),
      /*multicastMask=*/Value(),
      /*l2CacheHint=*/readOnce ? i64(evictFirst) : Value());
}

void DeviceBuilder::copyAsync(Value shared, Value global, unsigned bytes,
                              Value valid) {
  // Only 16 bytes can pass by the first cache.
  NVVM::CpAsyncOp::create(*this, shared, global, bytes,
                          bytes == 16 ? NVVM::LoadCacheModifierKind::CG
                                      : NVVM::LoadCacheModifierKind::CA,
                          valid);
}

void DeviceBuilder::commitCopies() {
  NVVM::CpAsyncCommitGroupOp::create(*this);
}

void DeviceBuilder::waitCopies(unsigned pending) {
  NVVM::CpAsyncWaitGroupOp::create(*this, pending);
}

void DeviceBuilder::arriveAfterCopies(Value barrier) {
  NVVM::CpAsyncMBarrierArriveOp::create(*this, barrier, /*noinc=*/true);
}

void DeviceBuilder::fenceAsync() {
  require(90);
  auto space =
      NVVM::SharedSpaceAttr::get(getContext(), NVVM::SharedSpace::shared_cta);
  NVVM::FenceProxyOp::create(*this, NVVM::ProxyKind::async_shared, space);
}

//===----------------------------------------------------------------------===//
// Tensor cores
//===----------------------------------------------------------------------===//

Values DeviceBuilder::mma(Half type, ValueRange a, ValueRange b, ValueRange c) {
  assert(a.size() == 4 && b.size() == 2 && c.size() == 4 && "m16n8k16");
  // An op, not assembly: nothing may move it into a branch.
  bool isBF16 = type == Half::BF16;
  auto toOperands = [&](ValueRange pairs) {
    Values operands(pairs);
    if (!isBF16)
      for (Value &operand : operands)
        operand = bitcast(operand, VectorType::get(2, getF16Type()));
    return operands;
  };
  NVVM::MMATypes element = isBF16 ? NVVM::MMATypes::bf16 : NVVM::MMATypes::f16;
  auto result = LLVM::LLVMStructType::getLiteral(
      getContext(), SmallVector<Type>(4, getF32Type()));
  return extractFields(NVVM::MmaOp::create(
      *this, result, toOperands(a), toOperands(b), c,
      ArrayRef<int64_t>{16, 8, 16}, std::nullopt, std::nullopt,
      std::array{element, element},
      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col}));
}

Values DeviceBuilder::loadMatrices(Value pointer, bool transposed,
                                   int64_t offset) {
  // As text, for the offset to be part of the instruction.
  std::string text = std::string("ldmatrix.sync.aligned.m8n8.x4") +
                     (transposed ? ".trans" : "") +
                     ".shared.b16 {$0, $1, $2, $3}, [$4 + " +
                     std::to_string(offset) + "];";
  return ptx(text, SmallVector<Type>(4, getI32Type()), pointer,
             /*hasSideEffects=*/true);
}

Value DeviceBuilder::transpose(Value pair) {
  return ptx("movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", pair.getType(),
             pair, /*hasSideEffects=*/true)
      .front();
}

Value DeviceBuilder::getDescriptor(Value pointer, unsigned panelBytes) {
  // The 128-byte swizzle; 1024 bytes from 8 rows to the next; addresses and
  // distances in units of 16 bytes.
  constexpr uint64_t swizzle = uint64_t(1) << 62, rows = uint64_t(64) << 32;
  uint64_t fixed = swizzle | rows | uint64_t(panelBytes / 16) << 16;
  return add(extend(shiftRight(getSharedAddress(pointer), 4)),
             i64(int64_t(fixed)));
}

void DeviceBuilder::fenceWgmma() {
  require(90);
  NVVM::WgmmaFenceAlignedOp::create(*this);
}

void DeviceBuilder::commitWgmma() {
  require(90);
  NVVM::WgmmaGroupSyncAlignedOp::create(*this);
}

Values DeviceBuilder::wgmma(Half type, unsigned n, ValueRange d, ValueRange a,
                            Value b, bool transposedB, Value adds) {
  require(90);
  assert((a.size() == 4 || a.size() == 1) && "registers or a descriptor");
  bool inRegisters = a.size() == 4, isFirst = d.empty();
  assert(!(adds && isFirst) && "without D there is nothing to add to");
  unsigned count = n / 2;
  StringRef element = type == Half::BF16 ? "bf16" : "f16";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "{ .reg .pred p; setp.ne.b32 p, ";
  if (adds) // behind A and B
    os << "$" << count + a.size() + 1;
  else
    os << (isFirst ? 0 : 1);
  os << ", 0; wgmma.mma_async.sync.aligned.m64n" << n << "k16.f32." << element
     << "." << element << " {";
  llvm::interleaveComma(llvm::seq(count), os,
                        [&](unsigned i) { os << "$" << i; });
  os << "}, ";
  // Operands that are tied stand behind the others.
  unsigned next = count;
  if (inRegisters) {
    os << "{$" << next << ", $" << next + 1 << ", $" << next + 2 << ", $"
       << next + 3 << "}";
    next += 4;
  } else {
    os << "$" << next++;
  }
  // Scales of A and B, then the layouts of those in shared memory.
  os << ", $" << next << ", p, 1, 1, " << (inRegisters ? "" : "0, ")
     << (transposedB ? 1 : 0) << "; }";
  Values operands(a);
  operands.push_back(b);
  if (adds)
    operands.push_back(adds);
  SmallVector<Type> results(count, getF32Type());
  return emitAsm(text, results, operands, d, /*hasSideEffects=*/true);
}

void DeviceBuilder::waitWgmma(unsigned pending, MutableArrayRef<Value> values) {
  require(90);
  if (values.empty()) {
    NVVM::WgmmaWaitGroupSyncOp::create(*this, pending);
    return;
  }
  ValueRange range(values);
  Values tied =
      emitAsm("wgmma.wait_group.sync.aligned " + std::to_string(pending) + ";",
              range.getTypes(), {}, range, /*hasSideEffects=*/true);
  llvm::copy(tied, values.begin());
}

void DeviceBuilder::setRegisters(unsigned count, bool increase) {
  require(90);
  NVVM::SetMaxRegisterOp::create(*this, count,
                                 increase
                                     ? NVVM::SetMaxRegisterAction::increase
                                     : NVVM::SetMaxRegisterAction::decrease);
}
