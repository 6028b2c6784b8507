//===- HalideOps.h - The ops of a kernel as Halide functions ----*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A KernelBuilder walks a kernel's ops in order: one call per op, which only
// defines what is computed; Schedule.h says how. The definitions do not depend
// on the number of tokens, and each rounds at the same places whatever the
// schedule: a kernel for one token and one for 128 give the same bits.
//
// A linear layer, and a value of heads, is computed in the loops of one result:
// what two results are computed from is defined twice.
//
// Calling convention of a kernel: int kernel(...) with the arguments in the
// order of KernelBuilder::arguments, then outputArguments. Scalars are int32;
// everything else is a halide_buffer_t of which only `host` is read.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_CPU_HALIDE_HALIDEOPS_H
#define QUIPU_COMPILER_CODEGEN_CPU_HALIDE_HALIDEOPS_H

#include "Halide.h"
#include "abi/Abi.h"
#include "abi/Enums.h"
#include "dialect/RegisterTile.h"
#include "weights/WeightLayout.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quipu::cpu {

/// What Halide compiles.
struct HalideFunction {
  std::string name;
  std::vector<Halide::Argument> arguments;
  Halide::Pipeline pipeline;
};

/// Whose memory a buffer of a kernel is.
struct BufferOwner {
  enum Kind {
    Operand,
    Weight,
    Result,
    Keys, // of the cache that the kernel writes
    Values,
    SlotMapping, // where in the cache each row belongs
    Choices,     // the numbers of the choices that are computed
  };
  Kind kind;
  unsigned index = 0; // of operands, weights or results
  /// Of an operand whose rows are selected: the operand with their numbers.
  std::optional<unsigned> selection = std::nullopt;
  /// Of an operand with a row for each token, where others have one for each of
  /// a token's choices.
  bool isOfTokens = false;
};

/// What a kernel expects at one place of its argument list.
struct KernelArgument {
  enum Kind {
    RowsFirst, // int32
    RowsCount,
    UnitsFirst, // int32, of the result
    UnitsCount,
    Input,  // the owner's address + offset
    Output, // the result's address + first unit * its bytes + offset
  };
  Kind kind;
  unsigned result = 0; // index into KernelBuilder::results
  BufferOwner owner = {BufferOwner::Operand}; // of an input
  int64_t offset = 0;                         // bytes
};

/// A result of a kernel and how its work divides.
struct KernelResult {
  BufferOwner owner;
  /// The whole grid has this many units.
  int64_t units = 1;
  /// From one to the next; 0 where all are addressed from the first, as in the
  /// cache.
  int64_t unitBytes = 0;
};

/// How the index of a value is split up.
enum class Form {
  Rows,  // (i, row)
  Tiles, // (i % 16, i / 16, row): what a linear layer gives
  Heads, // (i % headDim, i / headDim, row)
};

/// A float value inside a kernel.
struct FloatValue {
  Form form = Form::Rows;
  Halide::Func func;
  int64_t width = 0;
  int64_t headDim = 0;
  /// For Form::Tiles: linear layers (indices into KernelBuilder::linears) it is
  /// computed from.
  std::vector<unsigned> linears;
  /// For Form::Heads: the KernelBuilder::inputHeads it is computed from.
  std::vector<unsigned> inputHeads;
  /// Norms (indices into KernelBuilder::norms) over rows, or over each head.
  std::vector<unsigned> norms;
  /// Of numbers rounded to bf16: (pair, row), the even one in the low half.
  std::optional<Halide::Func> pairs;
};

/// Rows of int8 values, see QuantizedRowLayout.
struct QuantizedValue {
  int64_t width = 0;
  Halide::Func values; // (i % 32, block, row)
  Halide::Func scales; // (block, row)
  Halide::Func starts; // (block, row)
  Halide::Func sums;   // (block, row)
  // The same of half blocks: (half block, row)
  Halide::Func halfStarts, halfSums;
};

struct RopeShape {
  abi::RopePairing pairing;
  int64_t first; // element of a head that is turned
  int64_t dims;  // so many elements are; even
};

/// What a norm multiplies by, or adds: as many numbers as it goes over, or
/// those of each head.
struct NormVector {
  BufferOwner owner;
  int64_t numbers;
};
struct NormVectors {
  std::optional<NormVector> weight, bias;
};

/// One layer of a state in the pages of its pool.
struct CacheShape {
  abi::KvLayout layout;
  int64_t pageNumbers; // of one position, of all states and layers of the pool
};

/// What a block format's packed weight is, unpacked. The codes lie where
/// KernelBuilder::codeShift says in their bytes; c is 32 columns of packed
/// block p in tile t.
struct UnpackedWeight {
  Halide::Func
      bytes; // (i, group, c, p, t): lane i / 4, column group * 4 + i % 4
  Halide::Func codes;  // the same, where bytes are values of a table
  Halide::Func factor; // (lane, half, c, p, t): scale of 16 or 32 columns
  Halide::Func floor;  // the same: minimum, for sums of QuantizedValue
};

/// What definitions and schedules depend on of the target.
struct Vectors {
  int64_t lanes; // of 32 bits
  /// Whether dot products are of signed bytes (Arm's sdot), and not of unsigned
  /// and signed ones (x86's vpdpbusd).
  bool hasSignedDots;
};

class KernelBuilder {
public:
  /// A kernel for up to `tokens` rows. With one token, rows are not counted;
  /// otherwise RowsFirst and RowsCount are the first arguments, and row buffers
  /// hold a multiple of 16 rows.
  /// `tile` is what a linear layer keeps in registers.
  KernelBuilder(std::string name, int64_t tokens, RegisterTile tile,
                Vectors vectors);

  /// Tokens have `chosen` rows each, of which the kernel computes those whose
  /// numbers a buffer lists; behind them it has 15 more of any. One token's
  /// rows are computed by a call each.
  void computeChoices(int64_t chosen);

  //===------------------------------------------------------------------===//
  // Operands
  //===------------------------------------------------------------------===//

  /// f32 [tokens][width], rows `stride` floats apart.
  FloatValue rows(BufferOwner owner, int64_t width, int64_t stride);
  /// bf16 [tokens][width], rows `stride` pairs apart; an even width.
  FloatValue pairedRows(BufferOwner owner, int64_t width, int64_t stride);
  /// `!quipu.i8x32` [tokens][width], rows `stride` 32-bit words apart.
  QuantizedValue quantizedRows(BufferOwner owner, int64_t width,
                               int64_t stride);

  //===------------------------------------------------------------------===//
  // Ops
  //===------------------------------------------------------------------===//

  /// Row tokens[row] of a packed weight.
  FloatValue embed(BufferOwner tokens, BufferOwner weight, WeightLayout layout);
  // Norms and softmax are over rows or, of heads, over each head.

  /// x / sqrt(mean(x^2) + epsilon) * weight
  FloatValue rmsNorm(const FloatValue &x, const NormVectors &vectors,
                     float epsilon);
  /// (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias
  FloatValue layerNorm(const FloatValue &x, const NormVectors &vectors,
                       float epsilon);
  /// x / max(sqrt(sum(x^2)), 1e-12)
  FloatValue l2Norm(const FloatValue &x);
  /// e^x / sum(e^x)
  FloatValue softmax(const FloatValue &x);
  QuantizedValue quantize(const FloatValue &x);
  /// To the nearest bf16, of two the even one.
  FloatValue roundToPairs(const FloatValue &x);
  FloatValue linear(const QuantizedValue &x, BufferOwner weight,
                    WeightLayout layout);
  FloatValue linear(const FloatValue &x, BufferOwner weight,
                    WeightLayout layout);
  FloatValue bias(const FloatValue &x, BufferOwner bias);
  FloatValue add(FloatValue x, FloatValue y);
  FloatValue multiply(const FloatValue &x, float factor);
  FloatValue multiply(FloatValue x, FloatValue y);
  /// `each` is [weights][numbers] of a row: the numbers times their weights,
  /// added up in this order.
  FloatValue sum(const FloatValue &each, const FloatValue &weights);
  FloatValue activate(abi::Activation kind, const FloatValue &x);
  /// What is below `from` becomes that, what is above `to` that.
  FloatValue clamp(const FloatValue &x, float from, float to);
  /// silu(gate) * up
  FloatValue swiglu(FloatValue gate, FloatValue up);
  FloatValue heads(const FloatValue &x, int64_t headDim);
  /// Heads in rows, for what goes over a whole row.
  FloatValue flatten(const FloatValue &heads);
  /// Each head of x with that of y behind it; one head stands for all.
  FloatValue concat(const FloatValue &x, const FloatValue &y);
  /// `table` is f32 [tokens][dims / 2][cos, sin].
  FloatValue rope(const FloatValue &heads, BufferOwner table, RopeShape shape);

  //===------------------------------------------------------------------===//
  // Results
  //===------------------------------------------------------------------===//

  /// f32 [tokens][width], or bf16 if they are paired; `stride` as for rows(). A
  /// unit is a head, or a few tiles.
  void result(BufferOwner owner, const FloatValue &x, int64_t stride);
  void result(BufferOwner owner, const QuantizedValue &x);
  /// Writes heads to the keys or values of a layer, to where the slot mapping
  /// of the row says. A unit is a head.
  void writeKeys(const FloatValue &heads, CacheShape shape);
  void writeValues(const FloatValue &heads, CacheShape shape);

  //===------------------------------------------------------------------===//
  // What the schedules and compileKernel read
  //===------------------------------------------------------------------===//

  /// What is needed of a row, or of each of its heads, before its numbers.
  struct Norm {
    int64_t width;
    int lanes; // partial sums; a function of the width only
    Halide::Func partial, folded, factor;
    /// Of heads that are read as a row.
    bool isOfRow = false;
    /// One for each head of a row.
    bool isOfHeads() const { return factor.dimensions() == 2; }
  };
  struct Quantize {
    int64_t width;
    Halide::Func input, largest, inverse, rounded, halfTotal;
    QuantizedValue to;
  };
  struct Linear {
    WeightLayout layout;
    Halide::Func dot;
    Halide::RDom outer; // block formats: (groups of 32 columns, 32 columns of a
                        // packed block, packed blocks); floats: columns, or
                        // pairs of them
    // Block formats only.
    Halide::Func accumulator;
    Halide::RDom inner; // (columns of a lane, lanes' groups) of a group
    Halide::Func bytes, codes, factor, floor;
  };
  /// What is kept in memory while one head is computed: a row's, or that of
  /// linear layers.
  struct InputHead {
    Halide::Func func;
    int64_t dim;
    std::vector<unsigned> linears;
  };
  struct Output {
    enum Kind { Rows, Tiles, Heads, Cache, Quantized } kind;
    Halide::Func func;
    FloatValue value;
    /// Cache: the converted head, and what it is computed from beside the
    /// head; its loops.
    std::optional<Halide::Func> stored;
    std::vector<Halide::Func> stages;
    /// Of a cache (numbers and scales, tokens at once, token groups, heads), of
    /// listed choices (choices at once, groups of choices).
    Halide::RDom loops;
    Halide::Param<int32_t> first, count;
    unsigned result; // index into results
  };

  std::string name;
  int64_t tokens;
  RegisterTile tile;
  Vectors vectors;
  /// A kernel's arguments are these, then outputArguments.
  std::vector<KernelArgument> arguments, outputArguments;
  std::vector<KernelResult> results;
  std::vector<Halide::Argument> halideArguments;
  std::vector<Norm> norms;
  std::vector<Quantize> quantizes;
  std::vector<Halide::Func> pairs; // of FloatValues, to be kept in memory
  std::vector<Linear> linears;
  std::vector<InputHead> inputHeads;
  std::vector<Output> outputs;

  Halide::Pipeline pipeline() const;
  int tokensAtOnce() const { return tile.tokens; }
  /// Whether rows are those that a buffer lists.
  bool hasChoices() const { return choices.has_value(); }
  /// The largest divisor of `tiles` that the register tile allows.
  int64_t tilesAtOnce(int64_t tiles) const;
  /// How far up an unpacked code is moved in its byte: to the top, where Halide
  /// cannot take it for a signed one, or not at all. Codes that stand for
  /// values of a table are replaced by them.
  int codeShift(const WeightFormat &format) const;

private:
  /// What a norm makes of the numbers of a row, or of each head: `factor` of
  /// the sum of their `addend`s, or of the largest of these.
  struct Reduction {
    std::function<Halide::Expr(const Halide::Expr &number)> addend;
    std::function<Halide::Expr(const Halide::Expr &total, int width)> factor;
    bool isLargest = false;
  };
  /// A function of the row, or of the head and the row: one of `y`'s norms.
  Halide::Func reduce(const FloatValue &x, const Reduction &reduction,
                      FloatValue &y);
  /// `y` with the numbers `number` times the weight, plus the bias.
  FloatValue finish(FloatValue y, Halide::Expr number,
                    const NormVectors &vectors);
  /// Where row `row` of the kernel is among the owner's.
  Halide::Expr getRow(const BufferOwner &owner, Halide::Expr row) const;
  UnpackedWeight unpack(BufferOwner weight, const WeightLayout &layout);
  /// Of a float format: (lane, column, tile).
  Halide::Func unpackFloats(BufferOwner weight, const WeightLayout &layout);
  Halide::ImageParam buffer(BufferOwner owner, Halide::Type type,
                            std::vector<int64_t> strides, int64_t offset = 0);
  Halide::Param<int32_t> scalar(KernelArgument::Kind kind, unsigned result = 0);
  void writeCache(const FloatValue &heads, CacheShape shape, bool keys);
  void quantizeHeads(Output &output, const FloatValue &heads,
                     Halide::Func scales, bool keys);
  /// The form of x and y together, with what both are computed from; both have
  /// that form then, but for rows.
  FloatValue join(FloatValue &x, FloatValue &y);
  Output &addOutput(Output::Kind kind, BufferOwner owner, int64_t units,
                    int64_t unitBytes);

  Halide::Param<int32_t> rowsFirst, rowsCount;
  std::optional<Halide::ImageParam> slotMapping, choices;
  int64_t chosen = 1;
};

/// e^x with a relative error below 2e-7, the same operations on every target;
/// x is clamped to [-86, 88].
Halide::Expr exponential(Halide::Expr x);

/// `kind` of x, with an absolute error below 2e-7 * max(|x|, 1).
Halide::Expr activation(abi::Activation kind, Halide::Expr x);

/// Number `column` % 2 of a pair of bf16 in a 32-bit word. Columns 2 * i + 1
/// and 2 * i of products are what LowerBFloatDots looks for.
Halide::Expr readPair(Halide::Expr word, Halide::Expr column);

/// f(first), ..., f(first + count - 1) combined as a balanced tree.
Halide::Expr
combineTree(int first, int count,
            const std::function<Halide::Expr(const Halide::Expr &,
                                             const Halide::Expr &)> &combine,
            const std::function<Halide::Expr(int)> &f);
Halide::Expr sumTree(int first, int count,
                     const std::function<Halide::Expr(int)> &f);

} // namespace quipu::cpu

#endif // QUIPU_COMPILER_CODEGEN_CPU_HALIDE_HALIDEOPS_H
