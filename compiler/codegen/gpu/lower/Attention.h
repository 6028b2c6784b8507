//===- Attention.h - Kernels of attention on a GPU --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A query tile, tokens at consecutive positions of one sequence, and one head
// of the cache at a time: its rows are the query heads that share the head, for
// each token. All kernels give a row the same bits:
//
//   s     query times key, both f16: one chain of tensor-core products of 16
//         components from zero, in f32; with a soft cap tanh(s * scale / cap)
//   m_p   the largest visible s of page p, times `scoreFactor`, at least
//   `least` w     exp2(s * scoreFactor - m_p), 0 for positions that the row
//   does not see l_p   four sums of w, of positions whose half modulo 4 is the
//   same; each a
//         tree over the quarters of the page
//   O_p   w as f16 times the values: one chain over the page from zero
//
// and the pages, in rising order, from m = least, l = 0, O = 0 (with sinks: m
// the sink, l = 1):
//
//   m' = max(m, m_p), a = exp2(m - m'), b = exp2(m_p - m')
//   O = O_p * b + O * a, l = l_p * b + l * a   (the product, then one fma)
//
// The result is O / l. A page of which a row sees nothing changes nothing:
// there m_p is `least`, so b is 0 and a is 1.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTION_H
#define QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTION_H

#include "abi/Abi.h"
#include "compiler/codegen/gpu/Panels.h"

namespace quipu::gpu {

struct AttentionShape {
  abi::DeviceKvLayout cache;
  int64_t group;       // query heads that share a head of the cache
  bool isFull = false; // a token sees those behind it, too
  float scale = 1;
  int64_t window = 0;    // positions that a token sees; 0: all
  float softCap = 0;     // cap * tanh(score / cap); 0: none
  bool hasSinks = false; // one more logit per query head, without a value

  int64_t tokens = 1;                     // the most of a step
  int64_t queryRowBytes;                  // of a token
  ActivationRows result;                  // of f32, or rounded to f16
  int64_t pool = 0;                       // the state's
  int64_t pageBytes;                      // of the pool
  int64_t placeBytes = 0, layerBytes = 0; // of layer 0 in a page, to the next

  int64_t tileTokens() const {
    return std::min<int64_t>(tokens, abi::maxDeviceQueryTile);
  }
  int64_t queryHeads() const { return cache.heads * group; }
  /// A head's keys and values in a page.
  int64_t headPageBytes() const {
    return cache.headBytes(cache.keyDim) +
           (cache.valuesInKeys ? 0 : cache.headBytes(cache.valueDim));
  }
  /// Whether tensor cores take the head's components as they are.
  bool fitsTensorCores() const {
    return cache.type == abi::CacheType::F16 && cache.keyDim % 16 == 0 &&
           cache.valueDim % 16 == 0;
  }
};

/// Device addresses, but for the layer: the parameters of a kernel.
struct AttentionArguments {
  mlir::Value step; // abi::StepArgs
  mlir::Value layer;
  mlir::Value sinks;  // f32 [query heads]; null without them
  mlir::Value query;  // f32 [tokens][query heads][keyDim]
  mlir::Value result; // f32 or f16 [tokens][query heads][valueDim]
};

/// Blocks that fill a large chip, one each.
inline constexpr int64_t multiprocessors = 132;

struct AttentionLaunch {
  unsigned threads;
  int64_t sharedBytes;
  int64_t grid[3];
  unsigned residentBlocks = 1; // of a multiprocessor, as registers allow
};

// What is emitted begins with the wait for the kernel before and ends where the
// kernel does.

/// By mma.sync, 64 rows a block and page by page: for any number of tokens.
AttentionLaunch getBlockedAttention(const AttentionShape &shape);
void emitBlockedAttention(DeviceBuilder &builder, const AttentionShape &shape,
                          const AttentionArguments &arguments);

/// By wgmma, 128 rows a block: for many tokens on sm_90.
bool fitsWarpgroups(const AttentionShape &shape);
AttentionLaunch getWarpgroupAttention(const AttentionShape &shape);
void emitWarpgroupAttention(DeviceBuilder &builder, const AttentionShape &shape,
                            const AttentionArguments &arguments);

/// A warp a row, without tensor cores: for everything.
AttentionLaunch getPlainAttention(const AttentionShape &shape);
void emitPlainAttention(DeviceBuilder &builder, const AttentionShape &shape,
                        const AttentionArguments &arguments);

/// Partial results of pages, which the last block of a tile brings together:
/// for few tokens.
AttentionLaunch getSplitAttention(const AttentionShape &shape,
                                  int64_t maxShared);
void emitSplitAttention(DeviceBuilder &builder, const AttentionShape &shape,
                        const AttentionArguments &arguments, int64_t maxShared);

/// abi::DeviceKvLayout::offset of a position and a component that are values.
mlir::Value getCachePlace(DeviceBuilder &builder,
                          const abi::DeviceKvLayout &layout, int64_t dim,
                          mlir::Value position, mlir::Value component);

} // namespace quipu::gpu

#endif // QUIPU_COMPILER_CODEGEN_GPU_LOWER_ATTENTION_H
