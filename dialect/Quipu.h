//===- Quipu.h - The Quipu dialect ------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_DIALECT_QUIPU_H
#define QUIPU_DIALECT_QUIPU_H

#include "abi/Enums.h"
#include "dialect/RegisterTile.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "weights/formats/WeightFormat.h"

#include "dialect/QuipuDialect.h.inc"

#include "dialect/QuipuEnums.h.inc"

#include "dialect/QuipuTypeInterfaces.h.inc"

#include "dialect/QuipuAttrInterfaces.h.inc"

namespace quipu {
class KernelOp;
} // namespace quipu

#include "dialect/QuipuScheduleInterfaces.h.inc"

#include "dialect/QuipuLayoutInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialect/QuipuTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/QuipuAttributes.h.inc"

namespace quipu {
/// How an op combines with others in a kernel.
enum class FusionRole {
  Row,         // reads a whole row of its input: a prologue
  Contraction, // multiplies by a weight matrix: the heart of a kernel
  Tile,        // each tile of the result needs that tile of the inputs only, or
               // its own head: an epilogue
  Whole,       // a kernel of its own
};

/// Of an op that reduces the last dimension of `input`: the heads of a token,
/// or its row.
FusionRole getReductionRole(mlir::Value input);

/// A token's result is computed from its row of each operand alone.
template <typename Op>
class Tokenwise : public mlir::OpTrait::TraitBase<Op, Tokenwise> {};

/// What cache_write writes: memory that outlives the step. Who reads it has the
/// cache as an operand.
struct CacheResource : mlir::SideEffects::Resource::Base<CacheResource> {
  llvm::StringRef getName() final { return "Cache"; }
};

/// An op that names a weight inside a loop of layers reads another one in each
/// layer, though no operand says so: it has to stay in the loop.
mlir::Speculation::Speculatability getSpeculatability(mlir::Operation *op);

/// Whether `op` reads what its attribute of that name names as a matrix; other
/// weights are vectors, whatever their rank: norms, biases, sinks, factors.
bool isMatrixUse(mlir::Operation *op, llvm::StringRef attribute);

/// That the weights which `op` names by their symbols are declared as it sees
/// them (see WeightAttr).
llvm::LogicalResult verifyWeightUses(mlir::Operation *op,
                                     mlir::SymbolTableCollection &symbols);
} // namespace quipu

#include "dialect/QuipuOpInterfaces.h.inc"

namespace quipu {
/// What a norm adds up: of each token `groups` rows of `size` numbers, which
/// follow each other. Number i of a token has number i % n of the weight, which
/// has n.
struct NormShape {
  int64_t groups, size;
};

/// That of a bound norm: the whole token where the weight has as many numbers,
/// in a row, the last dimension otherwise.
NormShape getNormShape(NormInterface norm);

/// Of heads a tile's, of a whole token a row's.
FusionRole getNormRole(NormInterface norm);
} // namespace quipu

#define GET_OP_CLASSES
#include "dialect/QuipuOps.h.inc"

namespace quipu {

/// What a program can be told of each token, in the order of its table: its id,
/// its position, which of several texts in a sequence it belongs to, its places
/// on the axes of a rotation.
inline constexpr llvm::StringLiteral programInputs[] = {
    "tokens", "positions", "types", "time", "height", "width"};
/// Those that may be indices of a table's rows, and the places on axes.
inline constexpr llvm::ArrayRef<llvm::StringLiteral> indexInputs(programInputs,
                                                                 3);
inline constexpr llvm::ArrayRef<llvm::StringLiteral>
    axisInputs(programInputs + 3, 3);
/// Names in quotes, with commas.
std::string listInputs(llvm::ArrayRef<llvm::StringLiteral> names);

/// The attribute of a function without a body that has its code.
inline constexpr llvm::StringLiteral bitcodeName = "quipu.bitcode";

/// The number of layers of the loop around `op`; none outside of one, or
/// before binding.
std::optional<int64_t> getLayerCount(mlir::Operation *op);

/// An error, under the constraint's name, when a value in the regions of `op`
/// is still a `!quipu.value`.
llvm::LogicalResult verifyIsBound(mlir::Operation *op,
                                  llvm::StringRef constraint);

/// The first component of a head that a bound rotation turns.
int64_t getFirstTurned(RopeOp rope);

/// Whether a value of the one type can be where one of the other is: caches may
/// be of different states.
bool areAlike(mlir::Type type, mlir::Type other);

/// The number of activations that one token has in `type`: the product of all
/// dimensions but the first.
int64_t getElementsPerToken(mlir::RankedTensorType type);

/// The formats of a mix, or the type itself.
llvm::SmallVector<mlir::Type> getFormats(mlir::Type elementType);

/// Whether the type's numbers are stored in blocks.
bool isBlockFormat(mlir::Type elementType);

/// Bytes of `count` numbers of the element type; `count` is a whole number of
/// blocks.
int64_t getStorageBytes(mlir::Type elementType, int64_t count);

} // namespace quipu

#endif // QUIPU_DIALECT_QUIPU_H
