//===- Abi.h - What a generated object and the runtime agree on -*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler emits one `quipu_program` (a constant of type `abi::Program`)
// and one function per step; the runtime calls them. Neither side includes
// anything else of the other.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_ABI_ABI_H
#define QUIPU_ABI_ABI_H

#include <cstdint>

namespace quipu::abi {

/// Raised whenever a struct of this file changes.
inline constexpr uint32_t version = 3;

/// How cached keys and values are stored.
// NOLINTNEXTLINE(readability-identifier-naming): as GGUF spells it
enum class CacheType : int32_t { F16 = 0, F32 = 1, Q8_0 = 2 };

struct CacheFormat {
  const char *name;
  int32_t bytes; // of 16 numbers, with their share of scales
};
inline constexpr CacheFormat cacheFormats[] = {
    {"f16", 32}, {"f32", 64}, {"q8_0", 17}};

constexpr const CacheFormat &getFormat(CacheType type) {
  return cacheFormats[static_cast<int32_t>(type)];
}

/// Positions that are stored together in the key half of the cache, see
/// `StepArgs::cache`; a context is rounded up to a multiple of it.
inline constexpr int32_t cachePositions = 16;

/// Consecutive components of a head that share a scale in a q8_0 cache.
inline constexpr int32_t cacheBlock = 32;

/// Attention cuts a sequence into pieces of so many positions; each gives a
/// partial result.
inline constexpr int32_t pagePositions = 128;

/// Fewer units of attention (a block of tokens and a head of the cache) than
/// this for each worker are cut into pieces.
inline constexpr int32_t splitThreshold = 4;

/// Tokens at consecutive positions of one sequence, whose attention is computed
/// together: one, or up to `maxQueryTile`.
struct QueryTile {
  int32_t first, count;
};
inline constexpr int32_t maxQueryTile = 8;

/// The longest context that a program can have or be asked for.
inline constexpr int32_t maxContext = 1 << 24;

/// One call of a step: `count` tokens, each with its position and the sequence
/// (cache slot) it belongs to. The pointers are valid during the call only.
struct StepArgs {
  const int32_t *tokens;    // [count] ids, each < Program::vocabulary
  const int32_t *positions; // [count] each < context
  const int32_t *sequences; // [count] each < slots
  const int32_t *rows; // [rowCount] tokens whose logits are wanted, < count
  /// [Step::tokens][Program::logitsStride]; the first rowCount rows are
  /// written, the others are scratch.
  float *logits;
  /// Keys, then values of each layer, [slot][kv_head][context / 16] groups of
  /// 16 positions; 64-byte aligned and zero at first. A group is, in f16 and
  /// f32,
  ///   keys   [head_dim][16 positions]
  ///   values [16 positions][head_dim]
  /// and in q8_0, a number being its scale times an 8-bit integer,
  ///   keys   uint8 [head_dim / 4][16 positions][4], the integer plus 128
  ///   values int8 [16 positions][head_dim]
  /// and behind either, f16 scales [head_dim / 32][16 positions].
  /// Every number is finite: it is multiplied by 0 for tokens before it.
  void *cache;
  void *arena;         // Step::arenaBytes of scratch, 64-byte aligned
  const void *weights; // Program::weights
  void *barrier;       // handed to quipu_barrier
  int32_t count;       // 1 ... Step::tokens
  int32_t rowCount;    // 0 ... count
  int32_t context;     // positions per slot, a multiple of cachePositions
  int32_t slots;
  const QueryTile *blocks; // [blockCount]: all tokens, in order
  /// Scratch of splitThreshold * workers * (context / pagePositions, rounded
  /// up) * Program::partialBytes, 64-byte aligned.
  void *partials;
  int32_t blockCount;
  void *timer; // handed to quipu_trace; null when nobody measures
};

/// Every worker calls the step with the same arguments and its own number.
using StepFunction = void (*)(const StepArgs *args, int32_t worker,
                              int32_t workers);

/// The part of every kernel's predicted time that neither grows with the
/// positions nor shrinks with more threads: the call and a barrier.
inline constexpr int64_t callNanoseconds = 500;

/// A kernel that a step calls, and what the compiler expects of it.
struct Kernel {
  const char *name;
  const char *shape; // "576x576xq4_1 192x576xq4_1"; empty without matrices
  int32_t calls;     // in one call of the step: for some layers, or once
  int32_t tileTokens, tiles, panel; // its schedule
  // Predicted for a call with all of the step's tokens, but one wanted row, on
  // one thread; 0 without a prediction.
  int64_t bytes, operations, nanoseconds;
  // The work grows with the positions that a token sees, and the prediction is
  // for so many; 0: it does not grow.
  int32_t positions;
};

struct Step {
  const char *name;
  StepFunction run;
  uint64_t arenaBytes;
  int32_t tokens; // the most tokens one call takes
  CacheType cacheType;
  const Kernel *kernels; // numbered as for quipu_trace
  int32_t kernelCount;
};

/// What the processor must have, as a comma-separated list of LLVM feature
/// names ("avx2,fma,avx512vnni"); empty when any processor of the target will
/// do.
using FeatureList = const char *;

/// The steps for one kind of processor. They read the same weights, and their
/// caches have the same size.
struct Variant {
  const char *target; // "native (znver5)", "x86-64-v3", "reference", ...
  FeatureList features;
  const Step *steps; // by cache type, then by rising number of tokens
  int32_t stepCount;
};

struct Program {
  uint32_t abiVersion;
  int32_t vocabulary;
  int32_t logitsStride; // floats from one row of logits to the next
  int32_t hidden;
  int32_t layers;
  int32_t kvHeads;
  int32_t headDim;
  int32_t context; // the default: the checkpoint's, or what --context asked for
  int32_t variantCount;
  const Variant *variants; // the one for the most able processor first
  const char *name;        // general.name, or the file's
  const char *architecture;
  const char *formats;    // "Q4_1 (210 tensors), Q8_0 (1), F32 (61)"
  const char *compiler;   // "quipu 0.1.0, LLVM 22.1.8, Halide 21.0.0"
  uint64_t weightBytes;   // bytes of packed weights, all of them
  uint64_t bytesPerToken; // bytes of weights that one decoded token reads
  uint64_t cacheElements; // cached numbers per position, over all layers
  uint64_t partialBytes; // what attention keeps of a block and a piece, at most
  const void *weights;   // page aligned
  const void *tokenizer; // a TokenizerImage, or null without one
  uint64_t tokenizerBytes;
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

/// Defined by the runtime, called by a step's first kernel:
/// table[i][j] = (cos, sin)(positions[i] * frequencies[j] / factors[j]) * scale
/// for i < count, j < half; `factors` is null when all are 1. Any grouping of
/// tokens gives the same bits.
void quipu_rope_angles(const int32_t *positions, int32_t count,
                       const float *frequencies, const float *factors,
                       int32_t half, float scale, float *table);
}

#endif // QUIPU_ABI_ABI_H
