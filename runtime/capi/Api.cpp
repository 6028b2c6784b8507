//===- Api.cpp - The C interface of a compiled model ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "runtime/engine/Session.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <climits>
#include <cstring>
#include <optional>

using namespace quipu;

struct quipu_model {
  std::unique_ptr<Session> session;
  std::optional<Tokenizer> tokenizer;
  std::vector<float> logits; // [rows][vocabulary]
  int32_t rows = 0;
  std::string error;

  quipu_status report(Status status) {
    error = std::move(status.message);
    return status.code;
  }
  quipu_status report(quipu_status code, const char *sentence) {
    return report({code, sentence});
  }
};

static thread_local std::string createError;

static quipu_status create(const quipu_options *given,
                           std::unique_ptr<quipu_model> &model) {
  // The caller's header may be older: the fields it does not know are zero.
  quipu_options options = {};
  if (given)
    memcpy(&options, given, std::min(given->size, sizeof(options)));
  auto refuse = [](const char *sentence) {
    createError = sentence;
    return QUIPU_ERROR_ARGUMENT;
  };
  if (given && given->size < offsetof(quipu_options, context))
    return refuse("quipu_options: size must be sizeof(quipu_options)");
  if (options.cache_type < QUIPU_CACHE_F16 ||
      options.cache_type > QUIPU_CACHE_Q8_0)
    return refuse("quipu_options: cache_type must be QUIPU_CACHE_F16, "
                  "QUIPU_CACHE_F32 or QUIPU_CACHE_Q8_0");

  model.reset(new quipu_model);
  Status status = Session::create(
      quipu_program,
      {.context = options.context,
       .threads = options.threads,
       .sequences = options.sequences ? options.sequences : 1,
       .cacheType = static_cast<abi::CacheType>(options.cache_type)},
      model->session);
  if (quipu_program.tokenizer)
    model->tokenizer.emplace(quipu_program.tokenizer,
                             quipu_program.tokenizerBytes);
  createError = std::move(status.message);
  return status.code;
}

quipu_status quipu_create(const quipu_options *options, quipu_model **model) {
  if (!model) {
    createError = "quipu_create: model must not be NULL";
    return QUIPU_ERROR_ARGUMENT;
  }
  *model = nullptr;
  std::unique_ptr<quipu_model> made;
  quipu_status status = create(options, made);
  if (status == QUIPU_OK)
    *model = made.release();
  return status;
}

void quipu_destroy(quipu_model *model) { delete model; }

const char *quipu_last_error(const quipu_model *model) {
  return model ? model->error.c_str() : createError.c_str();
}

quipu_status quipu_step(quipu_model *model, const int32_t *tokens,
                        const int32_t *positions, const int32_t *sequences,
                        int32_t count, const int32_t *rows, int32_t row_count) {
  if (!tokens)
    return model->report(QUIPU_ERROR_ARGUMENT, "tokens must not be NULL");
  int32_t vocabulary = quipu_program.vocabulary;
  model->rows = 0;
  Status status = model->session->step(
      {tokens, count, positions, sequences, rows, row_count},
      [&](int32_t row, const float *logits) -> Status {
        size_t end = (size_t(row) + 1) * vocabulary;
        if (model->logits.size() < end)
          model->logits.resize(size_t(row_count) * vocabulary);
        std::copy_n(logits, vocabulary,
                    model->logits.data() + end - vocabulary);
        return {};
      });
  if (status.ok())
    model->rows = row_count;
  return model->report(std::move(status));
}

const float *quipu_logits(const quipu_model *model, int32_t row) {
  if (row < 0 || row >= model->rows)
    return nullptr;
  return model->logits.data() + size_t(row) * quipu_program.vocabulary;
}

static bool hasSequence(const quipu_model *model, int32_t sequence) {
  return sequence >= 0 && sequence < model->session->sequences();
}

quipu_status quipu_reset(quipu_model *model, int32_t sequence) {
  if (!hasSequence(model, sequence))
    return model->report(QUIPU_ERROR_ARGUMENT, "there is no such sequence");
  model->session->forget(sequence);
  return QUIPU_OK;
}

int32_t quipu_length(const quipu_model *model, int32_t sequence) {
  return hasSequence(model, sequence) ? model->session->length(sequence) : -1;
}

int32_t quipu_vocabulary(const quipu_model *) {
  return quipu_program.vocabulary;
}

int32_t quipu_context(const quipu_model *model) {
  return model->session->context();
}

/// Copies what fits and always says how many there are.
template <typename From, typename To>
static quipu_status copyOut(quipu_model *model, const From &from, To *to,
                            size_t capacity, size_t *count) {
  *count = from.size();
  if (size_t fits = std::min(capacity, from.size()))
    std::copy_n(from.begin(), fits, to);
  return from.size() > capacity
             ? model->report(QUIPU_ERROR_CAPACITY, "the buffer is too small")
             : QUIPU_OK;
}

quipu_status quipu_tokenize(quipu_model *model, const char *text, size_t bytes,
                            int32_t parse_special, int32_t *tokens,
                            size_t capacity, size_t *count) {
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  return copyOut(model,
                 model->tokenizer->encode(
                     std::string_view(text, bytes),
                     {.addSpecial = true, .parseSpecial = parse_special != 0}),
                 tokens, capacity, count);
}

quipu_status quipu_detokenize(quipu_model *model, const int32_t *tokens,
                              size_t count, char *text, size_t capacity,
                              size_t *bytes) {
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  return copyOut(model, model->tokenizer->decode({tokens, count}), text,
                 capacity, bytes);
}

int32_t quipu_is_end(const quipu_model *model, int32_t token) {
  return model->tokenizer && model->tokenizer->isEndOfGeneration(token);
}
