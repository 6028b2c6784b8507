//===- Gemm.h - Linear layers for many tokens on a GPU ----------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block multiplies 128 rows of weights, operand A of the tensor cores, by the
// rows of up to `GemmShape::tokens` tokens, operand B. Tokens and weights come
// to shared memory in a ring of stages of 64 columns. Weights in f16 lie there
// as wgmma reads them; others, and all of them for mma.sync, go through
// registers. Blocks take tiles in turn, those of all tokens for the same
// weights first.
//
// The sums have the same bits as those of the kernels for few tokens: each
// segment of 256 columns is one chain of steps of 16, and segments are added in
// order.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_GEMM_H
#define QUIPU_COMPILER_CODEGEN_GPU_GEMM_H

#include "compiler/codegen/gpu/Fragments.h"
#include "compiler/codegen/gpu/GemmPart.h"
#include <array>

namespace quipu::gpu {

struct GemmWeight {
  mlir::Value address;
  FragmentLayout layout;
};

/// One linear layer, or two of the same size whose outputs of the same number
/// are computed by the same thread, as a gate and what it gates.
struct GemmTask {
  llvm::SmallVector<GemmWeight, 2> weights;
};

/// Rows of f16 in panels, see ActivationRows; all layers have `columns` of
/// them.
struct GemmInput {
  mlir::Value address;
  int64_t panelBytes;
  int64_t columns;
};

struct GemmShape {
  int64_t tokens; // of a tile: 64 or 128
  int64_t stages;
};

/// What is computed of the sums of a part of a task's tile, and stored.
struct GemmEpilogue {
  /// What it needs besides: loaded for all parts of a tile before any stores.
  llvm::function_ref<Values(unsigned task, const GemmPart &part)> load;
  /// `sums` are the part's numbers of each linear layer.
  llvm::function_ref<void(unsigned task, const GemmPart &part,
                          llvm::ArrayRef<Values> sums, mlir::ValueRange loaded)>
      finish;
};

class GemmEmitter {
public:
  GemmEmitter(DeviceBuilder &b, llvm::ArrayRef<GemmTask> tasks,
              const GemmInput &input, GemmShape shape);
  virtual ~GemmEmitter() = default;

  /// With wgmma where the chip has it.
  static std::unique_ptr<GemmEmitter> create(DeviceBuilder &b,
                                             llvm::ArrayRef<GemmTask> tasks,
                                             const GemmInput &input,
                                             GemmShape shape);
  /// Threads of a block.
  static unsigned getThreads(unsigned sm);

  /// Dynamic shared memory: the ring and its barriers.
  int64_t getSharedBytes() const { return shape.stages * (stageBytes + 16); }
  /// Tiles for so many tokens.
  int64_t countTiles(int64_t tokens) const;

  /// Emits all that a kernel does, from the wait for the one before it on;
  /// `count` is the number of tokens.
  void emit(mlir::Value count, const GemmEpilogue &epilogue);

protected:
  static constexpr int64_t blockRows = FragmentLayout::rowsMultiple;
  static constexpr int64_t stageColumns = FragmentLayout::columnsMultiple;
  static constexpr int64_t segmentBlocks =
      FragmentLayout::segmentColumns / stageColumns;
  /// Operand A has 16 rows: in each of its halves a tile of 8 rows of weights.
  /// A block has 8 such pieces.
  static constexpr int64_t pieces = blockRows / 16;
  static constexpr int64_t rowBytes = stageColumns * 2;
  static constexpr int64_t tileRows = FragmentLayout::tileRows;

  /// Tasks that one loop can compute, as their formats are the same, and where
  /// a stage has the two halves of their weights, from the stage's begin.
  struct Group {
    llvm::SmallVector<unsigned> tasks;
    llvm::SmallVector<FragmentLayout, 2> layouts; // of the halves
    bool isJoint;     // the halves are of two layers
    bool isConverted; // not f16 as they lie
    std::array<int64_t, 2> codes, scales, minima;
    int64_t firstTile, endTile; // of features

    const FragmentLayout &layout(unsigned half) const { return layouts[half]; }
    /// Bytes of a piece's half of a stage.
    int64_t codeBytes(unsigned half) const {
      return stageColumns / FragmentCodes::blockColumns *
             layouts[half].codes().blockBytes();
    }
    /// From a piece's half of a stage to the next piece's: the halves of 64
    /// rows of f16 follow each other, as one operand has them.
    int64_t codeStride(unsigned half) const {
      return isConverted ? codeBytes(half) : codeBytes(0) + codeBytes(1);
    }
    int64_t scaleBytes(unsigned half) const {
      return layouts[half].codes().groups(stageColumns) *
             FragmentCodes::groupBytes();
    }
  };

  struct Tile {
    mlir::Value firstToken, feature; // the number of the tile of features
  };

  /// A position in the ring.
  struct Position {
    mlir::Value stage, parity;
  };

  /// What is copied of each stage of a tile, in chunks by many threads.
  struct Copies {
    mlir::Value tokens;            // of the tile, in the first panel
    mlir::Value tokenPlace, chunk; // of the thread's first, and its columns'
    mlir::Value tokensLeft;        // from there on
    std::array<mlir::Value, 2> weights; // of the halves of piece 0
  };

  virtual void emitTiles(const GemmEpilogue &epilogue) = 0;

  int64_t blocks() const {
    return llvm::divideCeil(input.columns, stageColumns);
  }
  mlir::Value getStage(mlir::Value stage);
  Position next(Position position);
  Tile getTile(mlir::Value number);
  mlir::Value getTileCount();
  /// Emits `body` for the group whose tile it is; the values are handed on.
  Values forGroup(mlir::Value feature,
                  llvm::function_ref<Values(const Group &)> body,
                  unsigned first = 0);

  Copies startCopies(const Group &group, const Tile &tile, mlir::Value thread);
  /// From the columns 64 * block on, a thread's copies, of which `copyStage`
  /// makes one group.
  void copyStage(const Group &group, const Copies &copies, mlir::Value block,
                 mlir::Value stage, mlir::Value thread, unsigned threads);
  void copyTokens(const Copies &copies, mlir::Value block, mlir::Value stage,
                  unsigned threads);
  void copyWeights(const Group &group, unsigned half, const Copies &copies,
                   mlir::Value block, mlir::Value stage, mlir::Value thread,
                   unsigned threads);
  /// Bytes from a piece's half of a weight to the next piece's.
  static int64_t getPieceBytes(const Group &group, unsigned half) {
    return group.layout(half).tileBytes() * (group.isJoint ? 1 : 2);
  }

  /// Operand A of the four steps of a stage, for a piece: 4 pairs of each.
  Values readWeights(const Group &group, mlir::Value stage, mlir::Value piece,
                     mlir::Value lane);

  /// Where a warp's sums of a piece are, those of operand D: 4 for each 8
  /// tokens from `firstToken` on.
  struct Place {
    mlir::Value piece, lane, firstToken;
    int64_t tokens;
  };
  void finish(const Group &group, const Tile &tile, const Place &place,
              mlir::ValueRange sums, const GemmEpilogue &epilogue);

  DeviceBuilder &b;
  llvm::SmallVector<GemmTask> tasks;
  GemmInput input;
  GemmShape shape;
  llvm::SmallVector<Group> groups;
  int64_t stageBytes;
  mlir::Value shared, count;

private:
  mlir::Value getWeight(const Group &group, unsigned half, mlir::Value feature);
  mlir::Value getTileOfTask(const Group &group, mlir::Value feature);
  int64_t countFeatureTiles(unsigned task) const;
  /// A part of two layers, or the two halves of one layer's piece.
  std::vector<GemmPart> getParts(const Group &group, unsigned task,
                                 const Tile &tile, const Place &place);

  llvm::SmallVector<int64_t> firstTiles; // of the tasks
};

/// The two kinds: sm_90a's, and that of all chips.
std::unique_ptr<GemmEmitter> createWgmmaEmitter(DeviceBuilder &b,
                                                llvm::ArrayRef<GemmTask> tasks,
                                                const GemmInput &input,
                                                GemmShape shape);
std::unique_ptr<GemmEmitter> createMmaEmitter(DeviceBuilder &b,
                                              llvm::ArrayRef<GemmTask> tasks,
                                              const GemmInput &input,
                                              GemmShape shape);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_GEMM_H
