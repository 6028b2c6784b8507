//===- Abi.h - What a generated object and the runtime agree on -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler emits one `quipu_program` (a constant of type `abi::Program`)
// and one function per step; the runtime calls them. What a program can be
// asked for, what goes in, what comes out and what it remembers are rows of
// tables. Neither side includes anything else of the other.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_ABI_H
#define QUIPU_ABI_ABI_H

#include "abi/KvLayout.h"
#include <cstdint>

namespace quipu::abi {

/// Raised whenever a struct of this file changes.
inline constexpr uint32_t version = 8;

/// The longest context that a program can have or be asked for.
inline constexpr int32_t maxContext = 1 << 24;

/// Fewer work items of attention (a query tile and a head of the cache) than
/// this for each worker are cut into splits.
inline constexpr int32_t splitThreshold = 4;

//===----------------------------------------------------------------------===//
// The call of a step
//===----------------------------------------------------------------------===//

/// Tokens at consecutive positions of one sequence, whose attention is computed
/// together: one, or up to `maxQueryTile`, on a GPU `maxDeviceQueryTile`.
struct QueryTile {
  int32_t first, count;
};
inline constexpr int32_t maxQueryTile = 8;
inline constexpr int32_t maxDeviceQueryTile = 128;

/// What a step sees of a pool of pages.
struct PagePool {
  /// Pages of getPageBytes(Step::cacheType, Pool::numbers) bytes, 64-byte
  /// aligned and zero at first. Every number of a page is finite: it is
  /// multiplied by 0 for tokens before it.
  void *pages;
  /// The block table, [slot][tablePages]: the page of each pagePositions
  /// positions, -1 where there is none.
  const int32_t *table;
  /// [count]: where each token's keys and values go, page * pagePositions +
  /// position in the page. No other sequence has that page.
  const int32_t *slotMapping;
  int32_t tablePages;
};

/// One call of a step: `count` tokens, each with its position and the sequence
/// (slot of the block tables) it belongs to. The pointers are valid during the
/// call only.
struct StepArgs {
  /// As Entry::inputs says: one row for each token.
  const void *const *inputs;
  /// As Entry::outputs says. Rows for Step::tokens tokens: the first `count`,
  /// or `selectedCount`, are written, the others are scratch.
  void *const *outputs;
  const int32_t *positions; // [count] each < maxContext
  const int32_t *sequences; // [count] slots
  /// [count]: how many positions the token's sequence has after this step.
  const int32_t *ends;
  /// [selectedCount], rising: the tokens whose outputs over Domain::Selected or
  /// Domain::Sequence are asked for (logits indices).
  const int32_t *selected;
  const PagePool *pools;       // [Program::poolCount]
  float *const *sums;          // [Program::sumCount], each [slot][Sum::width]
  void *arena;                 // Step::arenaBytes of scratch, 64-byte aligned
  const void *weights;         // Program::weights
  void *barrier;               // handed to quipu_barrier or, on a GPU, to
                               // quipu_launch: the queue
  void *timer;                 // handed to quipu_trace; null if none measures
  const QueryTile *queryTiles; // [queryTileCount]: all tokens, in order
  /// Scratch of splitThreshold * workers * maxSplits * Program::partialBytes,
  /// 64-byte aligned.
  void *partials;
  int32_t count;         // 1 ... Step::tokens
  int32_t selectedCount; // 0 ... count
  int32_t queryTileCount;
  int32_t maxSplits; // of a sequence: context / pagePositions, rounded up
  /// On a GPU a copy of this in the device's memory, whose arrays and counts
  /// are there, too; null on a CPU. For a GPU all addresses of data are the
  /// device's; `inputs`, `outputs`, `pools` and `sums` are arrays of the host.
  /// Only the copy's counts are those of the call, as a step is recorded once
  /// and replayed.
  const StepArgs *device;
  /// [count]: as `ends`, after all steps of the call that the token came with.
  const int32_t *lengths;
};

/// Every worker calls the step with the same arguments and its own number.
using StepFunction = void (*)(const StepArgs *args, int32_t worker,
                              int32_t workers);

//===----------------------------------------------------------------------===//
// The program's tables
//===----------------------------------------------------------------------===//

/// What the rows of a tensor stand for.
enum class Domain : int32_t {
  Token,    // the tokens of the step
  Selected, // those of them whose outputs are asked for
  Sequence, // sequences: their last tokens are selected
};

enum class ElementType : int32_t { I32 = 0, F32 = 1 };

/// What makes scores of the numbers that an output has for its labels.
enum class Scores : int32_t {
  Plain,   // they are scores
  Softmax, // one of the labels is true
  Sigmoid, // each may be true
};

/// An input or output of an entry: a row of `width` numbers, `stride` numbers
/// from one row to the next.
struct Tensor {
  const char *name; // "tokens", "logits", "embedding", "hidden"
  ElementType type;
  Domain domain;
  int32_t width;
  int32_t stride;
  int32_t limit; // an input's numbers are from 0 to below this; an output's: 0
  Scores scores = Scores::Plain; // of an output with labels
  /// Of an output: [width] what its numbers are for; or null.
  const char *const *labels = nullptr;
};

/// What a program can be asked for: a head on the backbone.
struct Entry {
  const char *name; // "generate", "embed", "hidden"
  const Tensor *inputs, *outputs;
  int32_t inputCount, outputCount;
  /// Tokens see those behind them, too: a sequence begins and ends in one call
  /// of a step.
  int32_t wholeSequences;
  /// Its steps write Program::sums: a sequence is read by this entry from its
  /// first position on.
  int32_t writesSums;
};

/// Pages of one size, with one block table.
struct Pool {
  int64_t numbers; // cached numbers of one position, of all its states' layers
  int32_t window;  // positions that a token sees, itself included; 0: all
};

/// Keys and values of some layers.
struct State {
  const char *name; // "blk.kv"
  int32_t pool;     // index into Program::pools
  int32_t layers, heads, keyDim, valueDim;
  int32_t valuesInKeys;   // whether a value is the first components of its key
  int64_t offset, stride; // of layer 0, from layer to layer; see KvLayout.h
};

/// Numbers that a program keeps of each sequence; what a slot has does not
/// matter before a token at position 0.
struct Sum {
  const char *name;
  int32_t width;
};

/// The part of every kernel's predicted time that neither grows with the
/// positions nor shrinks with more threads: the call and a barrier.
inline constexpr int64_t callNanoseconds = 500;

/// A kernel that a step calls, and what the compiler expects of it.
struct Kernel {
  const char *name;
  const char *shape; // "576x576xq4_1 192x576xq4_1"; empty without matrices
  int32_t calls;     // in one call of the step: for some layers, or once
  int32_t tileTokens, tiles, panel; // its register tile; 0 without matrices
  // Predicted for a call with all of the step's tokens, but one selected row,
  // on one thread; 0 without a prediction.
  int64_t bytes, operations, nanoseconds;
  // The work grows with the positions that a token sees, and the prediction is
  // for so many; 0: it does not grow.
  int32_t positions;
};

struct Step {
  const char *name;
  StepFunction run;
  uint64_t arenaBytes;
  int32_t entry;  // index into Program::entries
  int32_t tokens; // the most tokens one call takes
  CacheType cacheType;
  int32_t kernelCount;
  const Kernel *kernels; // numbered as for quipu_trace
};

/// What the processor must have, as a comma-separated list of LLVM feature
/// names ("avx2,fma,avx512vnni"); empty when any processor of the target will
/// do.
using FeatureList = const char *;

/// A function of a GPU, as a step launches it.
struct DeviceKernel {
  const char *name;    // in the image
  int32_t grid[3];     // blocks
  int32_t threads;     // of a block
  int32_t sharedBytes; // dynamic shared memory of a block
};

/// What the device runs for the steps of a variant.
struct DeviceCode {
  const char *chip;  // "sm_90a"
  const void *image; // PTX, with a 0 behind it, or a cubin
  uint64_t imageBytes;
  const DeviceKernel *kernels; // numbered as for quipu_launch
  int32_t kernelCount;
};

/// The steps for one kind of processor. They read the same weights, and their
/// pages have the same size.
struct Variant {
  const char *target; // "native (znver5)", "x86-64-v3", "reference", ...
  FeatureList features;
  const Step *steps; // by entry, cache type, then by rising number of tokens
  int32_t stepCount;
  const DeviceCode *device; // null where the steps run on the CPU
};

/// What packed weights are filled with where a program has none of its own.
enum class RandomKind : int32_t {
  Constant, // RandomPart::constant, again and again
  Bytes,    // any bytes
  F32,      // numbers of about a normal distribution with randomDeviation
  F16,
  BF16
};
inline constexpr float randomDeviation = 0.02f;

struct RandomPart {
  uint64_t bytes; // a multiple of 8
  uint64_t constant;
  RandomKind kind;
};

/// A packed weight: its parts, which repeat until it is full.
struct RandomWeight {
  uint64_t offset, bytes;
  const RandomPart *parts;
  int32_t partCount;
};

/// How the next token is chosen, unless a program is asked otherwise; see
/// runtime/generate/Sampler.h.
struct Sampling {
  float temperature = 0;   // 0: always the most probable token
  int32_t topK = 40;       // 0: all
  float topP = 0.95f;      // 1: all
  float minP = 0.05f;      // 0: all
  float repeatPenalty = 1; // 1: none
};

/// What a model wants before texts of some kind.
struct TextPrompt {
  const char *name; // "query"
  const char *text; // "query: "
};

struct Program {
  uint32_t abiVersion;
  int32_t context; // the default: the checkpoint's, or what --context asked for
  int32_t entryCount, poolCount, stateCount, sumCount, variantCount;
  const Entry *entries; // the first is the default
  const Pool *pools;
  const State *states;
  const Sum *sums;
  const Variant *variants; // the one for the most able processor first
  const char *name;        // general.name, or the file's
  const char *architecture;
  const char *formats;    // "Q4_1 (210 tensors), Q8_0 (1), F32 (61)"
  const char *compiler;   // "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0"
  uint64_t weightBytes;   // bytes of packed weights, all of them
  uint64_t bytesPerToken; // bytes of weights that one decoded token reads
  uint64_t partialBytes;  // what attention keeps of a query tile and a split
  const void *weights;    // page aligned; null: they are random
  const void *tokenizer;  // a TokenizerImage, or null without one
  uint64_t tokenizerBytes;
  /// Makes the engine of variants with code for a device, see
  /// runtime/engine/Engine.h; null where there are none, so that their programs
  /// do without it.
  void *(*createEngine)();
  const RandomWeight *random; // by offset, without gaps; null with `weights`
  uint64_t randomSeed;
  int32_t randomCount;
  int32_t endCount;
  const int32_t *ends; // rising: tokens that end a text, as the checkpoint's
                       // keys say; the tokenizer may know others
  Sampling sampling;   // the checkpoint's
  int32_t promptCount = 0;
  const TextPrompt *prompts = nullptr; // before texts that are embedded
  /// The number of the one before texts for which none is named; -1: none.
  int32_t defaultPrompt = -1;
};

} // namespace quipu::abi

extern "C" {
/// Defined by the generated object.
extern const quipu::abi::Program quipu_program;

/// Defined by the runtime, called by steps between kernels: returns once all
/// workers of this step have called it.
void quipu_barrier(void *barrier);

/// Defined by the runtime, called by steps: the worker begins with the step's
/// kernel number `kernel` or, -1, has done all.
void quipu_trace(void *timer, int32_t worker, int32_t kernel);

/// Defined by the engine of a GPU, called by steps: launches a kernel of the
/// variant's DeviceCode. `params` holds the address of each parameter of the
/// device's function: the StepArgs in its memory, the layer (i32), and the
/// addresses of the weights, operands and results that the kernel has.
void quipu_launch(void *queue, int32_t kernel, void *const *params);

/// Program::createEngine of programs for CUDA devices.
void *quipu_create_cuda_engine();

/// Defined by the runtime, called by a step's first kernel:
/// table[i][j] = (cos, sin)(positions[i] * frequencies[j] / factors[j]) * scale
/// for i < count, j < half; `factors` is null when all are 1. Any grouping of
/// tokens gives the same bits.
void quipu_rope_angles(const int32_t *positions, int32_t count,
                       const float *frequencies, const float *factors,
                       int32_t half, float scale, float *table);

/// The same of one token that has a place on each of three axes: pair j turns
/// by that of axis axes[j].
void quipu_axes_rope_angles(const int32_t *time, const int32_t *height,
                            const int32_t *width, const int32_t *axes,
                            const float *frequencies, const float *factors,
                            int32_t half, float scale, float *table);

/// The same of one token for frequencies that depend on the length of its
/// sequence (abi::RopeScaling::Dynamic): theta^(-2j / dims), where theta has
/// grown by (factor * length / context - factor + 1)^(dims / (dims - 2)) when
/// `length` is above `context`; dims = 2 * half > 2.
void quipu_dynamic_rope_angles(int32_t position, int32_t length, double theta,
                               double factor, double context, int32_t half,
                               float scale, float *table);

/// Defined by the runtime, called by steps: a token's choice of `count` of
/// `experts`, as quipu.top_k says, of `kept` of their groups, which go `by` 1
/// or 2 scores; `bias` may be null. The ids are below `experts` whatever the
/// scores are.
void quipu_top_k(const float *scores, int32_t experts, const float *bias,
                 int32_t count, int32_t groups, int32_t kept, int32_t by,
                 int32_t normalized, int32_t *ids, float *weights);

/// Defined by the runtime, called by steps: sorts choices by expert. Choice
/// number t * count + i is token t's i-th; its id is at `ids[t * stride + i]`.
/// Those of expert e are order[first[e]] ... order[first[e + 1] - 1], by rising
/// number; behind them all `padding` zeros. tiles[e] is how many groups of
/// `together` choices, the last of an expert perhaps not full, come before
/// those of e. `first` and `tiles` have experts + 1 numbers.
void quipu_sort_choices(const int32_t *ids, int32_t stride, int32_t tokens,
                        int32_t count, int32_t experts, int32_t together,
                        int32_t padding, int32_t *order, int32_t *first,
                        int32_t *tiles);
}

#endif // QUIPU_ABI_ABI_H
