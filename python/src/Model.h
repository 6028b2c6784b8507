//===- Model.h - A running model --------------------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_PYTHON_MODEL_H
#define QUIPU_PYTHON_MODEL_H

#include "Library.h"
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace quipu::python {

struct Options {
  int32_t context = 0, threads = 0, sequences = 0, device = 0;
  quipu_cache_type cacheType = QUIPU_CACHE_F16;
};

/// Rows of an output.
struct Rows {
  std::vector<float> numbers; // [count][width]
  size_t count, width;
};

struct Sampling {
  float temperature, topP, minP, repeatPenalty;
  int32_t topK;
  uint64_t seed;
  std::string grammar, jsonSchema; // at most one is not empty
};

/// A conversation, its parts in JSON; empty ones are left out.
struct Chat {
  std::string messages, tools, variables;
  bool special;
};

/// One thread may use it at a time: others are refused.
class Model {
public:
  Model(const std::string &path, const Options &options);
  ~Model();
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  std::vector<std::string> entries() const;
  /// Widths by name.
  std::map<std::string, int32_t> outputs(const std::string &entry) const;

  std::vector<int32_t> tokenize(const std::string &text, bool special);
  /// Tokens and their types.
  std::pair<std::vector<int32_t>, std::vector<int32_t>>
  tokenizePair(const std::string &first, const std::string &second,
               bool special);
  std::vector<int32_t> chatTokens(const Chat &chat);
  std::string detokenize(const std::vector<int32_t> &tokens);
  /// The text that a token adds behind another: the first of a text may lack
  /// its space. For readers of `generate`.
  std::string detokenizeNext(int32_t last, int32_t token) const;
  bool isEnd(int32_t token) const { return library.is_end(model, token); }

  /// What a step gives for the last `last` tokens, or for those that
  /// `selected` numbers. Null stands for what Quipu.h says.
  std::map<std::string, Rows>
  run(const std::string &entry, const std::vector<int32_t> &tokens,
      const std::vector<int32_t> *places, const std::vector<int32_t> *types,
      const std::vector<int32_t> *positions,
      const std::vector<int32_t> *sequences,
      const std::vector<int32_t> *selected, int32_t last);

  void reset(int32_t sequence);
  void fork(int32_t from, int32_t to);
  int32_t length(int32_t sequence) const;
  size_t cacheBytes() const { return library.cache_bytes(model); }
  int32_t vocabulary() const { return library.vocabulary(model); }
  int32_t context() const { return library.context(model); }

  /// Continues sequence 0, whose last token is `token`; see quipu_generate.
  void generate(int32_t token, const Sampling &sampling, int32_t steps,
                quipu_token_reader read, void *data);

  /// Marks the model as used while it lives.
  class Use {
  public:
    explicit Use(const Model &model);
    ~Use() { __atomic_clear(&model.isUsed, __ATOMIC_RELEASE); }
    Use(const Use &) = delete;
    Use &operator=(const Use &) = delete;

  private:
    const Model &model;
  };

private:
  void check(quipu_status status) const;
  /// What `call` stores: (data, capacity, &count), as functions of Quipu.h do.
  template <typename Container, typename Call>
  Container fill(Container buffer, Call call) const;
  std::string decode(const std::vector<int32_t> &tokens) const;

  Library library;
  quipu_model *model = nullptr;
  mutable bool isUsed = false;
};

} // namespace quipu::python

#endif // QUIPU_PYTHON_MODEL_H
