//===- Model.cpp - A running model ----------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include <algorithm>

using namespace quipu::python;

Model::Use::Use(const Model &model) : model(model) {
  if (__atomic_test_and_set(&model.isUsed, __ATOMIC_ACQUIRE))
    throw Error(QUIPU_ERROR_ARGUMENT,
                "the program is in use: end its stream, or let each thread "
                "have a Program of its own");
}

Model::Model(const std::string &path, const Options &options) : library(path) {
  quipu_options given = {};
  given.size = sizeof(given);
  given.context = options.context;
  given.threads = options.threads;
  given.sequences = options.sequences;
  given.cache_type = options.cacheType;
  given.device = options.device;
  quipu_status status = library.create(&given, &model);
  if (status != QUIPU_OK)
    throw Error(status, library.last_error(nullptr));
}

Model::~Model() { library.destroy(model); }

void Model::check(quipu_status status) const {
  if (status != QUIPU_OK)
    throw Error(status, library.last_error(model));
}

std::vector<std::string> Model::entries() const {
  std::vector<std::string> names;
  for (int32_t i = 0; i < library.entry_count(model); ++i)
    names.emplace_back(library.entry_name(model, i));
  return names;
}

std::map<std::string, int32_t> Model::outputs(const std::string &entry) const {
  std::map<std::string, int32_t> widths;
  for (int32_t i = 0;; ++i) {
    const char *name = library.output_name(model, entry.c_str(), i);
    if (!name)
      return widths;
    widths[name] = library.output_width(model, entry.c_str(), name);
  }
}

template <typename Container, typename Call>
Container Model::fill(Container buffer, Call call) const {
  size_t count = 0;
  for (;;) {
    quipu_status status = call(buffer.data(), buffer.size(), &count);
    bool fits = status != QUIPU_ERROR_CAPACITY;
    if (fits)
      check(status);
    buffer.resize(count);
    if (fits)
      return buffer;
  }
}

std::vector<int32_t> Model::tokenize(const std::string &text, bool special) {
  Use use(*this);
  return fill(std::vector<int32_t>(text.size() + 16),
              [&](int32_t *tokens, size_t capacity, size_t *count) {
                return library.tokenize(model, text.data(), text.size(),
                                        special, tokens, capacity, count);
              });
}

std::pair<std::vector<int32_t>, std::vector<int32_t>>
Model::tokenizePair(const std::string &first, const std::string &second,
                    bool special) {
  Use use(*this);
  std::vector<int32_t> types;
  auto tokens =
      fill(std::vector<int32_t>(first.size() + second.size() + 16),
           [&](int32_t *tokens, size_t capacity, size_t *count) {
             types.resize(capacity);
             return library.tokenize_pair(
                 model, first.data(), first.size(), second.data(),
                 second.size(), special, tokens, types.data(), capacity, count);
           });
  types.resize(tokens.size());
  return {std::move(tokens), std::move(types)};
}

std::vector<int32_t> Model::chatTokens(const Chat &chat) {
  Use use(*this);
  auto orNull = [](const std::string &json) {
    return json.empty() ? nullptr : json.c_str();
  };
  quipu_chat given = {};
  given.size = sizeof(given);
  given.messages = chat.messages.c_str();
  given.tools = orNull(chat.tools);
  given.variables = orNull(chat.variables);
  given.parse_special = chat.special;
  return fill(std::vector<int32_t>(chat.messages.size() + 256),
              [&](int32_t *tokens, size_t capacity, size_t *count) {
                return library.chat_tokens(model, &given, tokens, capacity,
                                           count);
              });
}

std::string Model::detokenize(const std::vector<int32_t> &tokens) {
  Use use(*this);
  return decode(tokens);
}

std::string Model::detokenizeNext(int32_t last, int32_t token) const {
  return decode({last, token}).substr(decode({last}).size());
}

std::string Model::decode(const std::vector<int32_t> &tokens) const {
  return fill(std::string(tokens.size() * 8 + 16, '\0'),
              [&](char *text, size_t capacity, size_t *bytes) {
                return library.detokenize(model, tokens.data(), tokens.size(),
                                          text, capacity, bytes);
              });
}

std::map<std::string, Rows> Model::run(const std::string &entry,
                                       const std::vector<int32_t> &tokens,
                                       const std::vector<int32_t> *places,
                                       const std::vector<int32_t> *types,
                                       const std::vector<int32_t> *positions,
                                       const std::vector<int32_t> *sequences,
                                       const std::vector<int32_t> *selected,
                                       int32_t last) {
  Use use(*this);
  for (const std::vector<int32_t> *numbers : {types, positions, sequences})
    if (numbers && numbers->size() != tokens.size())
      throw Error(
          QUIPU_ERROR_ARGUMENT,
          "types, positions and sequences need a number for each token");
  if (places && places->size() != 3 * tokens.size())
    throw Error(QUIPU_ERROR_ARGUMENT,
                "places need three numbers for each token");
  auto data = [](const std::vector<int32_t> *numbers) {
    return numbers ? numbers->data() : nullptr;
  };
  quipu_batch batch{};
  batch.size = sizeof(batch);
  batch.tokens = tokens.data();
  batch.count = static_cast<int32_t>(tokens.size());
  batch.positions = data(positions);
  batch.sequences = data(sequences);
  batch.selected = data(selected);
  batch.selected_count =
      selected ? static_cast<int32_t>(selected->size()) : last;
  batch.types = data(types);
  batch.places = data(places);
  check(library.run_batch(model, entry.c_str(), &batch));
  std::map<std::string, Rows> outputs;
  for (const auto &[name, width] : this->outputs(entry)) {
    Rows rows = {{}, 0, static_cast<size_t>(width)};
    while (const float *row = library.output(
               model, name.c_str(), static_cast<int32_t>(rows.count))) {
      rows.numbers.insert(rows.numbers.end(), row, row + width);
      ++rows.count;
    }
    outputs.emplace(name, std::move(rows));
  }
  return outputs;
}

void Model::reset(int32_t sequence) {
  Use use(*this);
  check(library.reset(model, sequence));
}

void Model::fork(int32_t from, int32_t to) {
  Use use(*this);
  check(library.fork(model, from, to));
}

int32_t Model::length(int32_t sequence) const {
  int32_t length = library.length(model, sequence);
  if (length < 0)
    throw Error(QUIPU_ERROR_ARGUMENT, "there is no such sequence");
  return length;
}

void Model::generate(int32_t token, const Sampling &sampling, int32_t steps,
                     quipu_token_reader read, void *data) {
  Use use(*this);
  bool isSchema = !sampling.jsonSchema.empty();
  const std::string &text = isSchema ? sampling.jsonSchema : sampling.grammar;
  quipu_grammar *grammar = nullptr;
  if (!text.empty())
    check(library.grammar_create(
        model, isSchema ? QUIPU_GRAMMAR_JSON_SCHEMA : QUIPU_GRAMMAR_GBNF,
        text.data(), text.size(), &grammar));
  quipu_sampling given = {};
  given.size = sizeof(given);
  given.temperature = sampling.temperature;
  given.top_k = sampling.topK;
  given.top_p = sampling.topP;
  given.min_p = sampling.minP;
  given.repeat_penalty = sampling.repeatPenalty;
  given.seed = sampling.seed;
  given.grammars = grammar ? &grammar : nullptr;
  quipu_status status =
      library.generate(model, &token, nullptr, 1, &given, steps, read, data);
  library.grammar_destroy(grammar);
  check(status);
}
