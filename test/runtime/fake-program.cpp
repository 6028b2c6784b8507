//===- fake-program.cpp - A toy in place of a compiled model --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Its next token is a hash of all tokens that the cache says came before, so
// whatever reaches the cache wrongly shows. It has two states, one of which
// hashes a window only. Prefers small letters; says that the text ends after
// every 48th position. Tokens are bytes, then three control tokens.
//
//   generate  logits [selected]
//   embed     embedding [sequences]: the mean of what it makes of each token
//   hidden    hidden [tokens]
//   label     labels [tokens] and score [sequences], of whole sequences: each
//             token sees all
//
//   FAKE_TOKENIZER  whether it has a tokenizer
//   FAKE_FEATURES   what its first variant says the processor must have
//   FAKE_VARIANTS   whether it has a second one, for every processor: 1 or 2
//   FAKE_DEVICE     whether its steps launch kernels, of fake-driver.cpp's GPU
//
// The environment's FAKE_DELAY is how many microseconds each step takes at
// least, FAKE_BROKEN the position whose logits are no numbers, FAKE_CHIP what
// its kernels are for (sm_90a).
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "abi/TokenizerImage.h"
#if FAKE_DEVICE
#include "abi/TokenChoice.h"
#include "runtime/generate/Sampler.h"
#include "test/runtime/engine/cuda/fake-driver.h"
#endif
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace quipu;
using namespace quipu::abi;

static constexpr int32_t vocabulary = 259, stride = 272, hidden = 8,
                         window = 20;
static constexpr int32_t imStart = 256, imEnd = 257, endOfText = 258;

static const Pool pools[] = {{int64_t(2) * 2 * (16 + 32), 0},
                             {16 + 16, window}};
static const State states[] = {
    {"blk.kv", 0, 2, 2, 16, 32, 0, 0, int64_t(2) * (16 + 32)},
    {"near.kv", 1, 1, 1, 16, 16, 0, 0, 16 + 16}};
static const Sum sums[] = {{"mean", hidden}};

namespace {
template <typename Element>
constexpr CacheType cacheType =
    sizeof(Element) == 2 ? CacheType::F16 : CacheType::F32;

/// The last number of a position's keys (half 0) or values (half 1) in a
/// state's last layer.
template <typename Element>
Element &cached(const StepArgs &args, const State &state, int32_t half,
                int32_t mapping) {
  KvLayout layout = {cacheType<Element>, state.heads, state.keyDim,
                     state.valueDim};
  int64_t dim = half ? state.valueDim : state.keyDim;
  int32_t position = mapping % pagePositions;
  int64_t byte =
      getPageBytes(layout.type, pools[state.pool].numbers) *
          (mapping / pagePositions) +
      getPageBytes(layout.type,
                   state.offset + (state.layers - 1) * state.stride) +
      half * layout.valuesOffset() + (state.heads - 1) * layout.headBytes(dim) +
      position / groupPositions * layout.groupBytes(dim);
  int32_t lane = position % groupPositions;
  return reinterpret_cast<Element *>(
      static_cast<char *>(args.pools[state.pool].pages) +
      byte)[half ? layout.valueIndex(dim - 1, lane, dim)
                 : layout.keyIndex(dim - 1, lane)];
}

/// Where the block table has a position.
int32_t getMapping(const PagePool &pool, int32_t slot, int32_t position) {
  int32_t page =
      pool.table[int64_t(slot) * pool.tablePages + position / pagePositions];
  if (page < 0)
    abort(); // a position that a token sees is not cached
  return page * pagePositions + position % pagePositions;
}

uint64_t mix(uint64_t value) {
  value = (value ^ value >> 31) * 0x9e3779b97f4a7c15;
  value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9;
  return value ^ value >> 32;
}

/// Of the tokens that a position sees, up to `end`.
template <typename Element>
uint64_t hashOf(const StepArgs &args, int32_t slot, int32_t position,
                int32_t end) {
  uint64_t hash = 1;
  for (const State &state : states) {
    int32_t seen = pools[state.pool].window;
    int32_t first = seen && position >= seen ? position - seen + 1 : 0;
    for (int32_t p = first; p < end; ++p)
      for (int32_t half = 0; half < 2; ++half)
        hash = mix(hash + static_cast<uint64_t>(cached<Element>(
                              args, state, half,
                              getMapping(args.pools[state.pool], slot, p))));
  }
  return hash;
}

/// Small whole numbers: a sum of them does not depend on the order.
float getHidden(uint64_t hash, int32_t i) {
  return static_cast<float>(mix(hash + i) >> 56);
}

/// Indices into Program::entries.
enum EntryIndex { Generate, Embed, Hidden, Label };

const Tensor tokensInput[] = {
    {"tokens", ElementType::I32, Domain::Token, 1, 1, vocabulary}};
const Tensor logitsOutput[] = {
    {"logits", ElementType::F32, Domain::Selected, vocabulary, stride, 0}};
const Tensor embeddingOutput[] = {
    {"embedding", ElementType::F32, Domain::Sequence, hidden, 16, 0}};
const Tensor hiddenOutput[] = {
    {"hidden", ElementType::F32, Domain::Token, hidden, hidden, 0}};
const char *const scoreLabels[] = {"bad", "good"};
const Tensor labelOutputs[] = {
    {"labels", ElementType::F32, Domain::Token, 3, 16, 0},
    {"score", ElementType::F32, Domain::Sequence, 2, 16, 0, Scores::Sigmoid,
     scoreLabels}};
const Entry entries[] = {
    {"generate", tokensInput, logitsOutput, 1, 1, 0, 0},
    {"embed", tokensInput, embeddingOutput, 1, 1, 0, 1},
    {"hidden", tokensInput, hiddenOutput, 1, 1, 0, 0},
    {"label", tokensInput, labelOutputs, 1, 2, 1, 0},
};

/// Adds the step's tokens to the sums of their sequences.
void addUp(const StepArgs &args, const uint64_t *hashes) {
  for (int32_t i = 0; i < args.count; ++i) {
    float *row = args.sums[0] + int64_t(args.sequences[i]) * hidden;
    for (int32_t j = 0; j < hidden; ++j)
      row[j] = (args.positions[i] ? row[j] : 0) + getHidden(hashes[i], j);
  }
}

/// A row of an output, for the step's token number `token`.
void writeRow(const StepArgs &args, const Tensor &output, int32_t token,
              uint64_t hash, float *row) {
  for (int32_t j = 0; j < output.width; ++j)
    if (&output == logitsOutput) {
      bool letter = j == ' ' || (j >= 'a' && j <= 'z');
      row[j] = static_cast<float>(mix(hash + j) >> 40) * 0x1p-24f +
               (letter ? 4.0f : 0.0f);
    } else if (&output == embeddingOutput) {
      row[j] = args.sums[0][args.sequences[token] * hidden + j] /
               static_cast<float>(args.ends[token]);
    } else {
      row[j] = getHidden(hash, j);
    }
  static const char *broken = getenv("FAKE_BROKEN");
  if (broken && args.positions[token] == atoi(broken))
    row[0] = NAN;
  if (&output == logitsOutput)
    row[imEnd] = args.positions[token] % 48 == 47 ? 100.0f : 0.0f;
}

/// All tokens in order, and in a tile those of one sequence that follow each
/// other; on a device all of these, if they fit.
void checkTiles(const StepArgs &args) {
  constexpr int32_t most = FAKE_DEVICE ? maxDeviceQueryTile : maxQueryTile;
  auto follows = [&](int32_t i) {
    return args.sequences[i] == args.sequences[i - 1] &&
           args.positions[i] == args.positions[i - 1] + 1;
  };
  int32_t next = 0;
  for (int32_t t = 0; t < args.queryTileCount; ++t) {
    QueryTile tile = args.queryTiles[t];
    if (tile.first != next || tile.count < 1 || tile.count > most)
      abort();
    for (int32_t i = tile.first + 1; i < tile.first + tile.count; ++i)
      if (!follows(i))
        abort();
    next = tile.first + tile.count;
    if (FAKE_DEVICE && tile.count < most && next < args.count && follows(next))
      abort();
  }
  if (next != args.count)
    abort();
}

/// Of a sequence that the call ends in a later step this one has a part.
void checkLengths(const StepArgs &args) {
  for (int32_t i = 0; i < args.count; ++i)
    if (args.lengths[i] < args.ends[i] || args.ends[i] <= args.positions[i])
      abort();
}

/// On a device one worker does all.
void meet(const StepArgs *args, int32_t workers) {
  if (workers > 1)
    quipu_barrier(args->barrier);
}

template <typename Element, EntryIndex entry>
void runLayer(const StepArgs *args, int32_t worker, int32_t workers) {
  if (worker == 0) {
    checkTiles(*args);
    checkLengths(*args);
  }
  auto *hashes = static_cast<uint64_t *>(args->arena);
  auto *tokens = static_cast<const int32_t *>(args->inputs[0]);
  for (int32_t i = worker; i < args->count; i += workers)
    for (const State &state : states) {
      const PagePool &pool = args->pools[state.pool];
      if (pool.slotMapping[i] !=
          getMapping(pool, args->sequences[i], args->positions[i]))
        abort();
      for (int32_t half = 0; half < 2; ++half)
        cached<Element>(*args, state, half, pool.slotMapping[i]) =
            static_cast<Element>(tokens[i] + half);
    }
  meet(args, workers);
  for (int32_t i = worker; i < args->count; i += workers)
    hashes[i] = hashOf<Element>(
        *args, args->sequences[i], args->positions[i],
        entries[entry].wholeSequences ? args->ends[i] : args->positions[i] + 1);
}

template <EntryIndex entry>
void runHead(const StepArgs *args, int32_t worker, int32_t workers) {
  auto *hashes = static_cast<const uint64_t *>(args->arena);
  if (entries[entry].writesSums) {
    if (worker == 0)
      addUp(*args, hashes);
    meet(args, workers);
  }
  for (int32_t o = 0; o < entries[entry].outputCount; ++o) {
    const Tensor &output = entries[entry].outputs[o];
    bool ofTokens = output.domain == Domain::Token;
    auto *rows = static_cast<float *>(args->outputs[o]);
    int32_t count = ofTokens ? args->count : args->selectedCount;
    for (int32_t row = worker; row < count; row += workers) {
      int32_t token = ofTokens ? row : args->selected[row];
      writeRow(*args, output, token, hashes[token],
               rows + int64_t(row) * output.stride);
    }
  }
}

template <typename Element, EntryIndex entry>
void run(const StepArgs *args, int32_t worker, int32_t workers) {
  static const char *delay = getenv("FAKE_DELAY");
  if (delay && worker == 0)
    usleep(atoi(delay));
  quipu_trace(args->timer, worker, 0);
  runLayer<Element, entry>(args, worker, workers);
  meet(args, workers);
  quipu_trace(args->timer, worker, 1);
  runHead<entry>(args, worker, workers);
  quipu_trace(args->timer, worker, -1);
}

#if FAKE_DEVICE
uint8_t weights[9'500'000]; // four pieces of the loader, and a bit

uint32_t hashWeights(const void *start) {
  uint32_t hash = 1;
  for (size_t i = 0; i < sizeof(weights); ++i)
    hash = hash * 31 + static_cast<const uint8_t *>(start)[i];
  return hash;
}

const uint32_t weightsHash = [] {
  for (size_t i = 0; i < sizeof(weights); ++i)
    weights[i] = static_cast<uint8_t>(mix(i));
  return hashWeights(weights);
}();

template <typename Element, EntryIndex entry>
void layerKernel(const StepArgs *args, int32_t, void *const *) {
  static const bool same = hashWeights(args->weights) == weightsHash;
  if (!same)
    abort();
  runLayer<Element, entry>(args, 0, 1);
}
template <EntryIndex entry>
void headKernel(const StepArgs *args, int32_t, void *const *) {
  runHead<entry>(args, 0, 1);
}

/// Draws what the host's sampler does: the candidates are the tokens drawn.
void chooseKernel(const StepArgs *args, int32_t output, void *const *others) {
  auto *choices = static_cast<const TokenChoices *>(others[0]);
  auto *logits = static_cast<const float *>(args->outputs[output]);
  for (int32_t row = 0; row < args->selectedCount; ++row) {
    Sampler sampler = Sampler::resume(choices->states[row]);
    int32_t token = sampler.choose(logits + int64_t(row) * stride, vocabulary);
    sampler.accept(token);
    choices->states[row] = sampler.state();
    choices->candidates[row] = static_cast<uint64_t>(token);
  }
}

void advanceKernel(const StepArgs *args, int32_t, void *const *others) {
  auto *choices = static_cast<const TokenChoices *>(others[0]);
  auto set = [&](auto *array, int32_t row, int32_t number) {
    const_cast<int32_t *>(static_cast<const int32_t *>(array))[row] = number;
  };
  for (int32_t row = 0; row < args->selectedCount; ++row) {
    auto token = static_cast<int32_t>(choices->candidates[row]);
    int32_t turn = choices->steps[row]++ % choiceSteps;
    choices->tokens[turn * choices->rows + row] = token;
    int32_t position = args->positions[row] + 1;
    set(args->inputs[0], row, token);
    set(args->positions, row, position);
    set(args->ends, row, position + 1);
    set(args->lengths, row, position + 1);
    for (const State &state : states) {
      const PagePool &pool = args->pools[state.pool];
      if (position < pool.tablePages * pagePositions)
        set(pool.slotMapping, row,
            pool.table[args->sequences[row] * pool.tablePages +
                       position / pagePositions] *
                    pagePositions +
                position % pagePositions);
    }
  }
}

/// A layer's kernel for each type of cache and entry, then a head's for each
/// entry.
template <typename Element, EntryIndex entry>
void launch(const StepArgs *args, int32_t worker, int32_t workers) {
  constexpr int32_t layer = (sizeof(Element) == 4) * 4 + entry;
  int32_t number = 0;
  void *pointers[] = {const_cast<StepArgs *>(args->device),
                      const_cast<void *>(args->weights), args->arena};
  void *params[] = {&pointers[0], &number, &pointers[1], &pointers[2]};
  quipu_trace(args->timer, worker, 0);
  quipu_launch(args->barrier, layer, params);
  quipu_trace(args->timer, worker, 1);
  quipu_launch(args->barrier, 8 + entry, params);
  quipu_trace(args->timer, worker, -1);
}
#endif

struct FakeTokenizer {
  TokenizerImage header = {};
  TokenEntry tokens[vocabulary] = {};
  AddedToken added[3] = {{endOfText, AddedToken::Control},
                         {imStart, AddedToken::Control},
                         {imEnd, AddedToken::Control}};
  TrieNode names[256 * 64];
  WordSlot words[1] = {{noToken, 0}};
  MergeSlot merges[1] = {{0, 0, MergeSlot::empty, 0}};
  uint16_t pages[CodePointTable::pageCount] = {};
  uint8_t nothing[256] = {}; // no character is a space
  char text[512] = {};

  FakeTokenizer() {
    uint32_t end = 0;
    auto add = [&](int32_t id, const char *bytes, size_t length,
                   TokenType type) {
      TextSpan span = {end, static_cast<uint32_t>(length)};
      tokens[id] = {span, span, type,
                    static_cast<uint8_t>(id == imEnd || id == endOfText), 0};
      memcpy(text + end, bytes, length);
      end += length;
    };
    for (int32_t id = 0; id < 256; ++id) {
      char byte = static_cast<char>(id);
      add(id, &byte, 1, TokenType::Normal);
      header.byteTokens[id] = id;
      header.fallback[id] = noToken;
    }
    for (TrieNode &node : names)
      node = {0, TrieNode::noParent, noToken};
    add(imStart, "<|im_start|>", 12, TokenType::Control);
    add(imEnd, "<|im_end|>", 10, TokenType::Control);
    add(endOfText, "<|endoftext|>", 13, TokenType::Control);
    addName("<|endoftext|>", 0);
    addName("<|im_start|>", 1);
    addName("<|im_end|>", 2);
    auto table = [&](const auto &member, size_t count) {
      return ImageTable{
          static_cast<uint64_t>(reinterpret_cast<const char *>(&member) -
                                reinterpret_cast<const char *>(this)),
          count};
    };
    header.magic = TokenizerImage::expectedMagic;
    header.version = TokenizerImage::expectedVersion;
    header.bytes = sizeof(*this);
    header.byteLevel = 1;
    header.bos = header.unknown = header.padding = noToken;
    header.eos = header.eot = imEnd;
    header.tokens = table(tokens, vocabulary);
    header.added = table(added, 3);
    header.addedTrie = table(names, 256 * 64);
    header.words = table(words, 1);
    header.merges = table(merges, 1);
    header.spaces = {table(pages, CodePointTable::pageCount),
                     table(nothing, 256)};
    header.text = table(text, sizeof(text));
    static const char chat[] =
        "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' "
        "+ message.content + '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
        "{% endif %}";
    static_assert(256 + 12 + 10 + 13 + sizeof(chat) <= sizeof(text));
    memcpy(text + end, chat, sizeof(chat) - 1);
    header.chatTemplate = table(text[end], sizeof(chat) - 1);
  }

  /// Every node has 256 places of its own for its children.
  void addName(std::string_view name, int32_t value) {
    uint32_t node = 0;
    for (unsigned char byte : name) {
      if (names[node].base == 0)
        names[node].base = 256 * ++blocks;
      uint32_t child = names[node].base ^ byte;
      names[child].parent = node;
      node = child;
    }
    names[node].value = value;
  }
  uint32_t blocks = 0;
};
} // namespace

alignas(64) static const FakeTokenizer tokenizer;

static constexpr uint64_t arenaOf(int32_t tokens) { return tokens * 8; }
static const Kernel kernels[] = {
    {"layer", "", 1, 1, 1, 0, 640, 0, 1000000, 4}, // for 4 positions
    {"head", "259x8xf32", 1, 1, 4, 0, 8288, 4144, 2000000, 0},
    {"unused", "", 1, 1, 1, 0, 1, 1, 1, 0},
};
template <typename Element, EntryIndex entry>
constexpr Step stepOf(const char *name, int32_t tokens) {
  return {name,
#if FAKE_DEVICE
          launch<Element, entry>,
#else
          run<Element, entry>,
#endif
          arenaOf(tokens),
          entry,
          tokens,
          cacheType<Element>,
          3,
          kernels};
}
static const Step steps[] = {
    stepOf<_Float16, Generate>("decode_f16", 1),
    stepOf<_Float16, Generate>("prefill4_f16", 4),
    stepOf<_Float16, Generate>("prefill16_f16", 16),
    stepOf<float, Generate>("decode_f32", 1),
    stepOf<float, Generate>("prefill8_f32", 8),
    stepOf<_Float16, Embed>("embed16_f16", 16),
    stepOf<float, Embed>("embed1_f32", 1),
    stepOf<float, Embed>("embed8_f32", 8),
    stepOf<_Float16, Hidden>("hidden16_f16", 16),
    stepOf<float, Hidden>("hidden8_f32", 8),
    stepOf<_Float16, Label>("label4_f16", 4),
    stepOf<_Float16, Label>("label16_f16", 16),
    stepOf<float, Label>("label16_f32", 16),
};
static constexpr int32_t stepCount = sizeof(steps) / sizeof(steps[0]);

#if FAKE_DEVICE
extern "C" __attribute__((visibility("default")))
const FakeKernel fake_cuda_kernels[] = {
    {"layer_f16_0", layerKernel<_Float16, Generate>, 4},
    {"layer_f16_1", layerKernel<_Float16, Embed>, 4},
    {"layer_f16_2", layerKernel<_Float16, Hidden>, 4},
    {"layer_f16_3", layerKernel<_Float16, Label>, 4},
    {"layer_f32_0", layerKernel<float, Generate>, 4},
    {"layer_f32_1", layerKernel<float, Embed>, 4},
    {"layer_f32_2", layerKernel<float, Hidden>, 4},
    {"layer_f32_3", layerKernel<float, Label>, 4},
    {"head_0", headKernel<Generate>, 2},
    {"head_1", headKernel<Embed>, 2},
    {"head_2", headKernel<Hidden>, 2},
    {"head_3", headKernel<Label>, 2},
    {"choose_generate", chooseKernel, 3},
    {"advance_generate", advanceKernel, 3},
    {nullptr, nullptr, 0}};
static const DeviceKernel deviceKernels[] = {
    {"layer_f16_0", {2, 1, 1}, 128, 0},
    {"layer_f16_1", {2, 1, 1}, 128, 0},
    {"layer_f16_2", {2, 1, 1}, 128, 0},
    {"layer_f16_3", {2, 1, 1}, 128, 0},
    {"layer_f32_0", {2, 1, 1}, 128, 0},
    {"layer_f32_1", {2, 1, 1}, 128, 0},
    {"layer_f32_2", {2, 1, 1}, 128, 0},
    {"layer_f32_3", {2, 1, 1}, 128, 0},
    {"head_0", {1, 2, 3}, 256, 100 << 10},
    {"head_1", {1, 2, 3}, 256, 1024},
    {"head_2", {1, 2, 3}, 256, 1024},
    {"head_3", {1, 2, 3}, 256, 1024},
    {"choose_generate", {5, 1, 1}, 64, 0},
    {"advance_generate", {1, 1, 1}, 64, 0}};
static constexpr char image[] = ".version 8.0";
static const char *const chip = getenv("FAKE_CHIP");
static const DeviceCode deviceCode = {chip ? chip : "sm_90a", image,
                                      sizeof(image), deviceKernels, 14};
static const DeviceCode *const device = &deviceCode;
#else
static const DeviceCode *const device = nullptr;
static const int weights[1] = {};
#endif

static const Variant variants[] = {
    {"reference", FAKE_FEATURES, steps, stepCount, device},
    {"plain", "", steps, stepCount, device}};

const Program quipu_program = {
    .abiVersion = version,
    .context = 120,
    .entryCount = 4,
    .poolCount = 2,
    .stateCount = 2,
    .sumCount = 1,
    .variantCount = FAKE_VARIANTS,
    .entries = entries,
    .pools = pools,
    .states = states,
    .sums = sums,
    .variants = variants,
    .name = "Fake \"Toy\"",
    .architecture = "toy",
    .formats = "F32 (1)",
    .compiler = "none",
    .weightBytes = FAKE_DEVICE ? sizeof(weights) : 1500000,
    .bytesPerToken = 1000000,
    .partialBytes = 0,
    .weights = weights,
    .tokenizer = FAKE_TOKENIZER ? &tokenizer : nullptr,
    .tokenizerBytes = sizeof(tokenizer),
#if FAKE_DEVICE
    .createEngine = quipu_create_cuda_engine,
#else
    .createEngine = nullptr,
#endif
    .random = nullptr,
    .randomSeed = 0,
    .randomCount = 0,
    .endCount = 0,
    .ends = nullptr,
    .sampling = {},
};
