//===- DeviceBuilder.h - Emits the code of a GPU's kernels ------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_DEVICEBUILDER_H
#define QUIPU_COMPILER_CODEGEN_GPU_DEVICEBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace quipu::gpu {

using Values = llvm::SmallVector<mlir::Value>;

/// The two 16-bit types that tensor cores multiply.
enum class Half { BF16, F16 };

/// A value or a constant of the type that the other operand has.
class Operand {
public:
  Operand(mlir::Value value) : value(value) {}
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Operand(T number) : integer(number), real(double(number)) {}
  Operand(double number) : real(number), onlyReal(true) {}

  bool isConstant() const { return !value; }
  std::optional<int64_t> getInteger() const {
    return value || onlyReal ? std::nullopt : std::optional(integer);
  }

private:
  friend class DeviceBuilder;
  mlir::Value value;
  int64_t integer = 0;
  double real = 0;
  bool onlyReal = false;
};

/// Emits device code of the LLVM, NVVM, arith, scf and vector dialects: values
/// are i32 unless said otherwise, addresses are !llvm.ptr<1> (global memory) or
/// !llvm.ptr<3> (shared memory), distances are in bytes. A pair is two 16-bit
/// numbers in an i32, the first in the low half.
class DeviceBuilder : public mlir::ImplicitLocOpBuilder {
public:
  /// For chips of compute capability `sm`, as 80 or 90.
  DeviceBuilder(mlir::Location loc, mlir::MLIRContext *context, unsigned sm)
      : ImplicitLocOpBuilder(loc, context), sm(sm) {}

  unsigned getSm() const { return sm; }

  //===--------------------------------------------------------------------===//
  // Kernels
  //===--------------------------------------------------------------------===//

  /// A kernel at the end of the module, for blocks of `threads` threads of
  /// which at least `blocks` fit on a multiprocessor. What follows is emitted
  /// at its beginning; `ret` ends it.
  mlir::LLVM::LLVMFuncOp createKernel(mlir::gpu::GPUModuleOp module,
                                      llvm::StringRef name,
                                      mlir::TypeRange parameters,
                                      unsigned threads, unsigned blocks = 1);
  void ret();

  /// The memory that the launch asks for, aligned to 1024 bytes.
  mlir::Value getSharedMemory();

  mlir::Value getThread(); ///< threadIdx.x
  mlir::Value getBlock();  ///< blockIdx.x
  mlir::Value getBlockY(); ///< blockIdx.y
  mlir::Value getBlockZ(); ///< blockIdx.z
  mlir::Value getBlocks(); ///< gridDim.x
  /// A number that is the same in all threads of a warp, known to be so.
  mlir::Value getUniform(mlir::Value number);
  /// The same values, computed before this; what is computed from them is
  /// computed behind it.
  void renew(llvm::MutableArrayRef<mlir::Value> values);

  //===--------------------------------------------------------------------===//
  // Numbers
  //===--------------------------------------------------------------------===//

  mlir::Type getPointerType(unsigned space);
  mlir::Value i32(int64_t number);
  mlir::Value i64(int64_t number);
  mlir::Value f32(double number);
  mlir::Value constant(mlir::Type type, Operand number);

  /// Integers. Constants are folded.
  mlir::Value add(Operand a, Operand b);
  mlir::Value sub(Operand a, Operand b);
  mlir::Value mul(Operand a, Operand b);
  mlir::Value divide(Operand a, Operand b);    ///< unsigned
  mlir::Value remainder(Operand a, Operand b); ///< unsigned
  mlir::Value ceilDivide(Operand a, Operand b);
  mlir::Value bitAnd(Operand a, Operand b);
  mlir::Value bitOr(Operand a, Operand b);
  mlir::Value bitXor(Operand a, Operand b);
  mlir::Value shiftLeft(Operand a, Operand b);
  mlir::Value shiftRight(Operand a, Operand b); ///< unsigned
  mlir::Value min(Operand a, Operand b);        ///< signed
  mlir::Value max(Operand a, Operand b);        ///< signed
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, Operand a,
                      Operand b);
  mlir::Value equal(Operand a, Operand b);
  mlir::Value notEqual(Operand a, Operand b);
  mlir::Value less(Operand a, Operand b); ///< signed
  /// A number as an i64: of i32, not negative, or i1.
  mlir::Value extend(mlir::Value number);
  /// An i1 as an i32.
  mlir::Value toInt(mlir::Value condition);
  mlir::Value select(mlir::Value condition, Operand a, Operand b);

  /// f32. None of these may be contracted, but for `fma`, which is one.
  mlir::Value addF(Operand a, Operand b);
  mlir::Value subF(Operand a, Operand b);
  mlir::Value mulF(Operand a, Operand b);
  mlir::Value divideF(Operand a, Operand b); ///< as in IEEE 754
  mlir::Value maxF(Operand a, Operand b);    ///< the number where one is NaN
  mlir::Value minF(Operand a, Operand b);
  mlir::Value negF(mlir::Value a);
  mlir::Value fma(Operand a, Operand b, Operand c);
  mlir::Value lessF(Operand a, Operand b);
  mlir::Value exp2(mlir::Value a);         ///< ex2.approx.ftz
  mlir::Value exp(mlir::Value a);          ///< by exp2
  mlir::Value reciprocal(mlir::Value a);   ///< rcp.approx.ftz
  mlir::Value rsqrt(mlir::Value a);        ///< rsqrt.approx.ftz
  mlir::Value toFloat(mlir::Value number); ///< of an i32, signed
  mlir::Value bitcast(mlir::Value value, mlir::Type type);

  /// Two f32 rounded to nearest even and packed into a pair.
  mlir::Value pack(Half type, mlir::Value first, mlir::Value second);
  /// An f32, or the finite f16 next to one that is out of range.
  mlir::Value limitToHalf(mlir::Value number);
  /// The two numbers of a pair as f32.
  std::pair<mlir::Value, mlir::Value> unpack(Half type, mlir::Value pair);
  /// Pairs: each result is rounded once. `constant` makes two equal numbers.
  mlir::Value pairOf(Half type, double number);
  mlir::Value mulPair(Half type, mlir::Value a, mlir::Value b);
  mlir::Value subPair(Half type, mlir::Value a, mlir::Value b);
  mlir::Value fmaPair(Half type, mlir::Value a, mlir::Value b, mlir::Value c);
  /// lop3.b32: the table has bit 4a + 2b + c for each bit of the operands.
  mlir::Value lop3(mlir::Value a, Operand b, Operand c, unsigned table);
  /// prmt.b32: byte i of the result is byte (selector >> 4i) % 8 of b:a.
  mlir::Value permuteBytes(mlir::Value a, mlir::Value b, unsigned selector);

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  /// `pointer` + `bytes` (a constant, an i32 that is not negative or an i64).
  mlir::Value at(mlir::Value pointer, Operand bytes);
  /// The address in shared memory as an i32.
  mlir::Value getSharedAddress(mlir::Value pointer);
  /// Natural alignment when `alignment` is 0.
  mlir::Value load(mlir::Type type, mlir::Value pointer,
                   unsigned alignment = 0);
  /// Of memory that no kernel changes while this one runs (ld.global.nc).
  mlir::Value loadConstant(mlir::Type type, mlir::Value pointer,
                           unsigned alignment = 0);
  void store(mlir::Value value, mlir::Value pointer, unsigned alignment = 0);
  /// `count` elements at an address that is a multiple of their size.
  Values loadVector(mlir::Type element, unsigned count, mlir::Value pointer,
                    bool isConstant = false);
  void storeVector(mlir::ValueRange elements, mlir::Value pointer);
  Values extractAll(mlir::Value vector);

  //===--------------------------------------------------------------------===//
  // Control
  //===--------------------------------------------------------------------===//

  void ifThen(mlir::Value condition, llvm::function_ref<void()> then);
  void ifElse(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);
  /// The values of one of the two.
  Values choose(mlir::Value condition, llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// From `begin` to before `end`, with values that each turn hands on.
  void forEach(Operand begin, Operand end, Operand step,
               llvm::function_ref<void(mlir::Value)> body);
  Values forEach(Operand begin, Operand end, Operand step,
                 mlir::ValueRange inits,
                 llvm::function_ref<Values(mlir::Value, Values)> body);
  /// While `condition` of the values holds.
  Values whileLoop(mlir::ValueRange inits,
                   llvm::function_ref<mlir::Value(Values)> condition,
                   llvm::function_ref<Values(Values)> body);

  //===--------------------------------------------------------------------===//
  // Threads
  //===--------------------------------------------------------------------===//

  /// The value (i32 or f32) of lane `lane` ^ `mask`, or of lane `lane`.
  mlir::Value shuffleXor(mlir::Value value, unsigned mask);
  mlir::Value shuffle(mlir::Value value, Operand lane);
  /// Over lanes that differ in the bits below `lanes`, a power of two, in a
  /// butterfly from the largest distance: the same bits in all of them.
  mlir::Value
  reduce(mlir::Value value, unsigned lanes,
         llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  /// The lanes of the warp, all of which ask, whose condition holds, a bit
  /// each.
  mlir::Value ballot(mlir::Value condition);
  mlir::Value countBits(mlir::Value number);
  /// Whether the lane is the one of its warp, all of which ask, that does what
  /// one has to do: bulk copies under this condition take no loop over lanes.
  mlir::Value isElected();
  void syncBlock();
  void syncWarp();
  /// Named barrier `id` of `threads` threads.
  void syncThreads(Operand id, unsigned threads);
  /// Programmatic dependent launch; nothing before sm_90.
  void waitForKernelBefore();
  void launchKernelAfter();

  //===--------------------------------------------------------------------===//
  // Copies and their barriers
  //===--------------------------------------------------------------------===//

  void initBarrier(mlir::Value barrier, Operand count);
  /// Behind all `initBarrier`, before the block meets.
  void fenceBarriers();
  void arrive(mlir::Value barrier);
  void arriveExpecting(mlir::Value barrier, Operand bytes);
  void waitParity(mlir::Value barrier, Operand parity);
  /// One bulk copy from global memory; all a multiple of 16 bytes. What is
  /// `readOnce` leaves the second-level cache to others.
  void copyBulk(mlir::Value shared, mlir::Value global, Operand bytes,
                mlir::Value barrier, bool readOnce = false);
  /// cp.async of 4, 8 or 16 bytes; zeros behind `valid` bytes.
  void copyAsync(mlir::Value shared, mlir::Value global, unsigned bytes,
                 mlir::Value valid = {});
  void commitCopies();
  void waitCopies(unsigned pending);
  /// Arrives at the barrier when the thread's copies so far have come.
  void arriveAfterCopies(mlir::Value barrier);
  /// What this thread has written to shared memory is seen by wgmma and bulk
  /// copies that follow.
  void fenceAsync();

  //===--------------------------------------------------------------------===//
  // Tensor cores
  //===--------------------------------------------------------------------===//

  /// m16n8k16: A row-major, 4 pairs; B column-major, 2 pairs; C and D, 4 f32.
  Values mma(Half type, mlir::ValueRange a, mlir::ValueRange b,
             mlir::ValueRange c);
  /// Four 8x8 matrices of 16-bit numbers; the row addresses are the lanes', as
  /// pointers or shared addresses, `offset` bytes further.
  Values loadMatrices(mlir::Value pointer, bool transposed = false,
                      int64_t offset = 0);

  /// An 8x8 matrix of 16-bit numbers, a pair of a row a lane, transposed.
  mlir::Value transpose(mlir::Value pair);

  /// The descriptor (i64) of an operand in shared memory in rows of 128 bytes
  /// with the 128-byte swizzle; the next 16 k of it are 2 further (K-major).
  /// `panelBytes` is the distance of panels of 64 columns when it is MN-major.
  mlir::Value getDescriptor(mlir::Value pointer, unsigned panelBytes = 16);
  void fenceWgmma();
  void commitWgmma();
  /// m64nNk16: D = A B + D. A is 4 pairs or a descriptor, B a descriptor; D are
  /// N / 2 f32, none for a first product that starts from zero. With
  /// `transposedB` B is MN-major. Where `adds`, if given, is 0 D = A B, in the
  /// registers of `d`.
  Values wgmma(Half type, unsigned n, mlir::ValueRange d, mlir::ValueRange a,
               mlir::Value b, bool transposedB = false, mlir::Value adds = {});
  /// Until at most `pending` groups are under way. Uses of the values behind it
  /// stay behind it, what is computed into them before it before.
  void waitWgmma(unsigned pending, llvm::MutableArrayRef<mlir::Value> values);
  /// setmaxnreg of all warps of a warpgroup.
  void setRegisters(unsigned count, bool increase);

  //===--------------------------------------------------------------------===//
  // Anything else
  //===--------------------------------------------------------------------===//

  /// PTX with operands $0 … : first the results, then the operands, i32, i64,
  /// i16, f32 or addresses. Without `hasSideEffects` it may be moved or
  /// dropped.
  Values ptx(llvm::StringRef text, mlir::TypeRange results,
             mlir::ValueRange operands, bool hasSideEffects = false);

private:
  template <typename Op> mlir::Value emitBinary(Operand a, Operand b);
  std::pair<mlir::Value, mlir::Value> getOperands(Operand a, Operand b);
  /// Inline assembly whose `tied` are the same registers as the first results.
  Values emitAsm(llvm::StringRef text, mlir::TypeRange results,
                 mlir::ValueRange operands, mlir::ValueRange tied,
                 bool hasSideEffects);
  /// The fields of a value that is a structure.
  Values extractFields(mlir::Value structure);
  void require(unsigned needed) const;

  unsigned sm;
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_DEVICEBUILDER_H
