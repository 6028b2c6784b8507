//===- AttentionEmitter.h - What kernels of attention share -----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTIONEMITTER_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTIONEMITTER_H

#include "compiler/codegen/gpu/lower/Attention.h"

namespace quipu::gpu {

/// The scores of tensor-core products in a thread's registers: those of two
/// rows, lane / 4 and 8 further, at positions 2 * (lane % 4) and the next of
/// each 8; number 4 * eight + 2 * row + i.
class AttentionEmitter {
public:
  AttentionEmitter(DeviceBuilder &builder, const AttentionShape &shape,
                   const AttentionArguments &arguments)
      : b(builder), shape(shape), arguments(arguments) {}

protected:
  using Value = mlir::Value;
  static constexpr double least = -1e30;

  struct Tile {
    Value first, count, position; // of the first token
    Value end;                    // of the sequence, in full attention
    Value table;                  // the sequence's pages
  };
  /// A query head of a token of a tile. Rows behind the last are the last.
  struct Row {
    Value isThere, token, head;
    Value begin, end; // of the positions that it sees; begin with a window only
  };
  /// What a row has of the pages so far. `sum` is this lane's of the four.
  struct State {
    Value largest, sum;
  };

  /// Keys or values of a page in shared memory, as the lanes read them: each
  /// its row and its chunk (0 ... 3) behind those that are asked for.
  struct Matrix {
    Value base;    // the address of the lane's row
    Value swizzle; // in panels, what changes in the place of a chunk
    int64_t dim;
  };

  /// Of the step's arguments, which are at `from`.
  Value loadField(Value from, size_t field, mlir::Type type);
  /// What all tiles need of them, all at once: comes first.
  void loadStep(Value from);
  Tile loadTile(Value number);
  Row getRow(const Tile &tile, Value head, Value number);
  Value getBegin(Value end); ///< of a row's positions
  /// f32 of the row.
  Value getQuery(const Tile &tile, const Row &row);
  /// One number or two of the row's result, from a component on.
  void storeResult(const Tile &tile, const Row &row, Value component,
                   Values numbers);
  /// The head's keys and values in page number `page` of the sequence.
  std::pair<Value, Value> getPage(const Tile &tile, Value page, Value head);

  /// The pairs of k16 step `step` of the two rows' queries.
  Values loadQuery(mlir::ValueRange queries, int64_t step);
  using QueryOfStep = llvm::function_ref<Values(int64_t step)>;
  /// The pairs of all steps, to be kept; none where they are too many for
  /// registers.
  llvm::SmallVector<Values> holdQuery(QueryOfStep load);

  /// s of `eights` times 8 positions, by the query that is held or, if none is,
  /// loaded. Matrices as the lanes read four chunks, and two, which the last
  /// step may need.
  Values multiplyKeys(const Matrix &four, const Matrix &two,
                      llvm::ArrayRef<Values> held, QueryOfStep load,
                      int64_t eights);
  /// `rows` with `from`, the position of the thread's first
  /// number, where some may be hidden.
  void cap(Values &scores);
  void hide(Values &scores, llvm::ArrayRef<Row> rows, Value from);
  Value hideOne(Value score, const Row &row, Value position);
  /// The same for a page that begins at position `page`, where the thread's
  /// numbers begin `own` further; the threads have rows from `first` to `last`.
  void hideInPage(Values &scores, llvm::ArrayRef<Row> rows, const Row &first,
                  const Row &last, Value page, Value own);
  /// Of the row in four lanes; and as m_p.
  Value getLargest(const Values &scores, unsigned row);
  Value getPageLargest(Value largest);
  Value getWeight(Value score, Value pageLargest);
  /// Scores become weights.
  void weigh(Values &scores, unsigned row, Value pageLargest);
  /// The lane's sum over all numbers of the row, 32 positions at a time.
  Values addQuarters(const Values &weights, unsigned row);
  Value addQuarters(const Values &quarters);
  /// f16 pairs as A of the products with values: 4 for 16 positions.
  Values packWeights(const Values &weights);

  /// lane % 4 has the sink.
  State getFirstState(const Row &row, Value quad);
  /// Takes in a page; the factors a of what was before and b of the page.
  std::pair<Value, Value> update(State &state, Value pageLargest,
                                 Value pageSum);
  /// 1 / l; of the four lanes.
  Value getFactor(const State &state);

  Matrix getMatrix(Value base, int64_t dim, Value laneRow, Value laneChunk);
  /// `row` is a multiple of 8; `chunk` is one of 4 unless the lanes' are 0.
  Values loadMatrices(const Matrix &matrix, int64_t row, int64_t chunk,
                      bool transposed = false);
  /// cp.async of `bytes`, by the threads of a block.
  void copyAll(Value shared, Value global, int64_t bytes, Value thread,
               int64_t threads);

  /// What a step is given, and its pool.
  struct Step {
    Value tileCount, tiles, sequences;
    Value places; // the ends in full attention, otherwise the positions
    Value table, tablePages, pages;
  };
  Step step;

  DeviceBuilder &b;
  const AttentionShape &shape;
  const AttentionArguments &arguments;

private:
  double getScoreFactor() const;
  Value loadNumber(Value array, Value index);
};

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTIONEMITTER_H
