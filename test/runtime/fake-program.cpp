//===- fake-program.cpp - A toy in place of a compiled model --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Its next token is a hash of all tokens that the cache says came before, so
// whatever reaches the cache wrongly shows. Prefers small letters; says that
// the text ends after every 48th position. Tokens are bytes, then three control
// tokens.
//
//   FAKE_TOKENIZER  whether it has a tokenizer
//   FAKE_FEATURES   what its first variant says the processor must have
//   FAKE_VARIANTS   whether it has a second one, for every processor: 1 or 2
//
// The environment's FAKE_DELAY is how many microseconds each step takes at
// least.
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "abi/TokenizerImage.h"
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace quipu;
using namespace quipu::abi;

static constexpr int32_t vocabulary = 259, stride = 272, layers = 2,
                         kvHeads = 2, headDim = 4;
static constexpr int32_t imStart = 256, imEnd = 257, endOfText = 258;

namespace {
/// The last number of a position's keys (half 0) or values (half 1) in the last
/// layer.
template <typename Element>
Element &cached(const StepArgs &args, int32_t half, int32_t slot,
                int32_t position) {
  int64_t perSlot = int64_t(kvHeads) * headDim * args.context;
  int64_t index = ((layers - 1) * 2 + half) * perSlot * args.slots +
                  perSlot * slot + perSlot / kvHeads * (kvHeads - 1);
  if (half == 0)
    index += position / cachePositions * headDim * cachePositions +
             (headDim - 1) * cachePositions + position % cachePositions;
  else
    index += position * headDim + headDim - 1;
  return static_cast<Element *>(args.cache)[index];
}

uint64_t mix(uint64_t value) {
  value = (value ^ value >> 31) * 0x9e3779b97f4a7c15;
  value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9;
  return value ^ value >> 32;
}

template <typename Element>
void run(const StepArgs *args, int32_t worker, int32_t workers) {
  static const char *delay = getenv("FAKE_DELAY");
  if (delay && worker == 0)
    usleep(atoi(delay));
  quipu_trace(args->timer, worker, 0);
  auto *scratch = static_cast<uint64_t *>(args->arena);
  for (int32_t i = worker; i < args->count; i += workers)
    for (int32_t half = 0; half < 2; ++half)
      cached<Element>(*args, half, args->sequences[i], args->positions[i]) =
          static_cast<Element>(args->tokens[i] + half);
  quipu_barrier(args->barrier);
  for (int32_t i = worker; i < args->count; i += workers) {
    uint64_t hash = 1;
    for (int32_t p = 0; p <= args->positions[i]; ++p)
      for (int32_t half = 0; half < 2; ++half)
        hash = mix(hash + static_cast<uint64_t>(cached<Element>(
                              *args, half, args->sequences[i], p)));
    scratch[i] = hash;
  }
  quipu_barrier(args->barrier);
  quipu_trace(args->timer, worker, 1);
  for (int32_t row = worker; row < args->rowCount; row += workers) {
    int32_t token = args->rows[row];
    float *logits = args->logits + int64_t(row) * stride;
    for (int32_t v = 0; v < vocabulary; ++v) {
      bool letter = v == ' ' || (v >= 'a' && v <= 'z');
      logits[v] = static_cast<float>(mix(scratch[token] + v) >> 40) * 0x1p-24f +
                  (letter ? 4.0f : 0.0f);
    }
    logits[imEnd] = args->positions[token] % 48 == 47 ? 100.0f : 0.0f;
  }
  quipu_trace(args->timer, worker, -1);
}

struct FakeTokenizer {
  TokenizerImage header = {};
  TokenEntry tokens[vocabulary] = {};
  int32_t specials[3] = {endOfText, imStart, imEnd};
  int32_t words[1] = {noToken};
  MergeSlot merges[1] = {{0, 0, MergeSlot::empty, 0}};
  char text[512] = {};

  FakeTokenizer() {
    uint32_t end = 0;
    auto add = [&](int32_t id, const char *bytes, size_t length,
                   TokenType type) {
      tokens[id] = {end, static_cast<uint32_t>(length), type,
                    static_cast<uint16_t>(id == imEnd || id == endOfText)};
      memcpy(text + end, bytes, length);
      end += length;
    };
    for (int32_t id = 0; id < 256; ++id) {
      char byte = static_cast<char>(id);
      add(id, &byte, 1, TokenType::Normal);
      header.byteTokens[id] = id;
    }
    add(imStart, "<|im_start|>", 12, TokenType::Control);
    add(imEnd, "<|im_end|>", 10, TokenType::Control);
    add(endOfText, "<|endoftext|>", 13, TokenType::Control);
    auto offset = [&](const void *member) {
      return static_cast<uint64_t>(static_cast<const char *>(member) -
                                   reinterpret_cast<const char *>(this));
    };
    header.magic = TokenizerImage::expectedMagic;
    header.bytes = sizeof(*this);
    header.bos = header.unknown = header.padding = noToken;
    header.eos = header.eot = imEnd;
    header.vocabulary = vocabulary;
    header.specialCount = 3;
    header.wordSlots = header.mergeSlots = 1;
    header.tokensOffset = offset(tokens);
    header.specialsOffset = offset(specials);
    header.wordsOffset = offset(words);
    header.mergesOffset = offset(merges);
    header.textOffset = offset(text);
    // Names what makes a template ChatML, and reads like one.
    header.templateOffset = offset(text) + tokens[imStart].begin;
    header.templateBytes = 12 + 10;
  }
};
} // namespace

alignas(64) static const FakeTokenizer tokenizer;

static constexpr uint64_t arenaOf(int32_t tokens) { return tokens * 8; }
static const Kernel kernels[] = {
    {"layer", "", 1, 1, 1, 0, 640, 0, 1000000, 4}, // for 4 positions
    {"head", "259x8xf32", 1, 1, 4, 0, 8288, 4144, 2000000, 0},
    {"unused", "", 1, 1, 1, 0, 1, 1, 1, 0},
};
static const Step steps[] = {
    {"decode_f16", run<_Float16>, arenaOf(1), 1, CacheType::F16, kernels, 3},
    {"prefill4_f16", run<_Float16>, arenaOf(4), 4, CacheType::F16, kernels, 3},
    {"prefill16_f16", run<_Float16>, arenaOf(16), 16, CacheType::F16, kernels,
     3},
    {"decode_f32", run<float>, arenaOf(1), 1, CacheType::F32, kernels, 3},
    {"prefill8_f32", run<float>, arenaOf(8), 8, CacheType::F32, kernels, 3},
};

static const Variant variants[] = {{"reference", FAKE_FEATURES, steps, 5},
                                   {"plain", "", steps, 5}};

const Program quipu_program = {
    .abiVersion = version,
    .vocabulary = vocabulary,
    .logitsStride = stride,
    .hidden = 8,
    .layers = layers,
    .kvHeads = kvHeads,
    .headDim = headDim,
    .context = 120,
    .variantCount = FAKE_VARIANTS,
    .variants = variants,
    .name = "Fake \"Toy\"",
    .architecture = "toy",
    .formats = "F32 (1)",
    .compiler = "none",
    .weightBytes = 1500000,
    .bytesPerToken = 1000000,
    .cacheElements = layers * 2 * kvHeads * headDim,
    .partialBytes = 0,
    .weights = steps,
    .tokenizer = FAKE_TOKENIZER ? &tokenizer : nullptr,
    .tokenizerBytes = sizeof(tokenizer),
};
