//===- Api.cpp - The C interface of a compiled model ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/capi/Quipu.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Session.h"
#include "runtime/generate/GenerateTokens.h"
#include "runtime/generate/grammar/ReadGrammar.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>

using namespace quipu;

namespace {
/// The rows of an output that the last step gave.
struct Rows {
  float *numbers = nullptr; // [count][width]
  int64_t capacity = 0;     // numbers
  int32_t count = 0;

  Rows() = default;
  Rows(const Rows &) = delete;
  Rows &operator=(const Rows &) = delete;
  ~Rows() { free(numbers); }

  /// Room for so many numbers; what was there stays until it is written over.
  bool grow(int64_t size) {
    if (size <= capacity)
      return true;
    void *more = realloc(numbers, size * sizeof(float));
    if (!more)
      return false;
    numbers = static_cast<float *>(more);
    capacity = size;
    return true;
  }
};
} // namespace

struct quipu_model {
  std::unique_ptr<Session> session;
  std::optional<Tokenizer> tokenizer;
  std::optional<ChatTemplate> chatTemplate; // once it was asked for
  std::optional<TokenTrie> tokens;          // once a grammar has been read
  int32_t entry = 0;                        // of the last step
  std::unique_ptr<Rows[]> rows;             // of its outputs
  std::string error;

  quipu_status report(Status status) {
    error = std::move(status.message);
    return status.code;
  }
  quipu_status report(quipu_status code, const char *sentence) {
    return report({code, sentence});
  }
  quipu_status run(const Batch &batch);
  std::string renderChat(const quipu_chat &chat, jinja::Text &prompt,
                         quipu_status &status);
};

/// Calls what may find that there is no memory.
template <typename Call>
static quipu_status guard(quipu_model *model, Call call) {
  try {
    return call();
  } catch (...) {
    return model->report(QUIPU_ERROR_MEMORY, "there is not enough memory");
  }
}

static thread_local std::string createError;

/// A structure whose first field is its size. The caller's header may be
/// older: the fields it does not know are zero.
template <typename Structure>
static Structure readSized(const Structure *given) {
  Structure taken{};
  if (given)
    memcpy(&taken, given, std::min(given->size, sizeof(taken)));
  return taken;
}

static quipu_status create(const quipu_options *given,
                           std::unique_ptr<quipu_model> &model) {
  quipu_options options = readSized(given);
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

  size_t maxOutputs = 1;
  for (const abi::Entry &entry : getEntries(quipu_program))
    maxOutputs = std::max<size_t>(maxOutputs, entry.outputCount);
  model.reset(new (std::nothrow) quipu_model);
  if (model)
    model->rows.reset(new (std::nothrow) Rows[maxOutputs]);
  if (!model || !model->rows) {
    createError = "there is no memory for a model";
    return QUIPU_ERROR_MEMORY;
  }
  Status status = Session::create(
      quipu_program,
      {.context = options.context,
       .sequences = options.sequences ? options.sequences : 1,
       .cacheType = static_cast<abi::CacheType>(options.cache_type),
       .engine = {.threads = options.threads, .device = options.device}},
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

quipu_status quipu_model::run(const Batch &batch) {
  Status status = session->check(batch);
  if (!status.ok())
    return report(std::move(status));
  std::span<const abi::Tensor> outputs =
      getOutputs(quipu_program.entries[batch.entry]);
  auto rowCount = [&](const abi::Tensor &output) {
    return output.domain == abi::Domain::Token ? batch.count
                                               : batch.selectedCount;
  };
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!rows[i].grow(int64_t(rowCount(outputs[i])) * outputs[i].width))
      return report(QUIPU_ERROR_MEMORY, "there is no memory for the outputs; "
                                        "ask for fewer tokens at a time");
  status = session->run(
      batch,
      [&](int32_t output, int32_t row, const float *numbers) -> Status {
        int64_t width = outputs[output].width;
        std::copy_n(numbers, width, rows[output].numbers + row * width);
        return {};
      },
      {});
  entry = batch.entry;
  // What a step that fails has written so far is no output.
  for (size_t i = 0; i < outputs.size(); ++i)
    rows[i].count = status.ok() ? rowCount(outputs[i]) : 0;
  return report(std::move(status));
}

int32_t quipu_entry_count(const quipu_model *) {
  return quipu_program.entryCount;
}

const char *quipu_entry_name(const quipu_model *, int32_t index) {
  return index >= 0 && index < quipu_program.entryCount
             ? quipu_program.entries[index].name
             : nullptr;
}

/// Null if there is none of that name; NULL stands for the default.
static const abi::Entry *getEntry(const char *name) {
  int32_t index = name ? findEntry(quipu_program, name) : 0;
  return index < 0 ? nullptr : &quipu_program.entries[index];
}

const char *quipu_output_name(const quipu_model *, const char *entry,
                              int32_t index) {
  const abi::Entry *found = getEntry(entry);
  return found && index >= 0 && index < found->outputCount
             ? found->outputs[index].name
             : nullptr;
}

/// Null if there is no such output.
static const abi::Tensor *getOutput(const char *entry, const char *output) {
  const abi::Entry *found = getEntry(entry);
  int32_t index = found && output ? findOutput(*found, output) : -1;
  return index < 0 ? nullptr : &found->outputs[index];
}

int32_t quipu_output_width(const quipu_model *, const char *entry,
                           const char *output) {
  const abi::Tensor *found = getOutput(entry, output);
  return found ? found->width : -1;
}

const char *quipu_label(const quipu_model *, const char *entry,
                        const char *output, int32_t index) {
  const abi::Tensor *found = getOutput(entry, output);
  return found && found->labels && index >= 0 && index < found->width
             ? found->labels[index]
             : nullptr;
}

int32_t quipu_output_scores(const quipu_model *, const char *entry,
                            const char *output) {
  const abi::Tensor *found = getOutput(entry, output);
  return found ? static_cast<int32_t>(found->scores) : -1;
}

quipu_status quipu_run_batch(quipu_model *model, const char *entry,
                             const quipu_batch *given) {
  quipu_batch batch = readSized(given);
  if (batch.size < offsetof(quipu_batch, types))
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "quipu_batch: size must be sizeof(quipu_batch)");
  const abi::Entry *found = getEntry(entry);
  if (!found)
    return model->report(
        argumentError("there is no entry '" + std::string(entry) +
                      "'; this model has " + entryNames(quipu_program)));
  if (!batch.tokens)
    return model->report(QUIPU_ERROR_ARGUMENT, "tokens must not be NULL");
  return guard(model, [&] {
    return model->run(
        {.tokens = batch.tokens,
         .count = batch.count,
         .positions = batch.positions,
         .sequences = batch.sequences,
         .selected = batch.selected,
         .selectedCount = batch.selected_count,
         .entry = static_cast<int32_t>(found - quipu_program.entries),
         .types = batch.types,
         .places = batch.places});
  });
}

quipu_status quipu_run(quipu_model *model, const char *entry,
                       const int32_t *tokens, const int32_t *positions,
                       const int32_t *sequences, int32_t count,
                       const int32_t *selected, int32_t selected_count) {
  quipu_batch batch{};
  batch.size = sizeof(batch);
  batch.tokens = tokens;
  batch.positions = positions;
  batch.sequences = sequences;
  batch.count = count;
  batch.selected = selected;
  batch.selected_count = selected_count;
  return quipu_run_batch(model, entry, &batch);
}

const float *quipu_output(const quipu_model *model, const char *output,
                          int32_t row) {
  const abi::Entry &entry = quipu_program.entries[model->entry];
  int32_t index = output ? findOutput(entry, output) : -1;
  if (index < 0 || row < 0 || row >= model->rows[index].count)
    return nullptr;
  return model->rows[index].numbers + int64_t(row) * entry.outputs[index].width;
}

quipu_status quipu_step(quipu_model *model, const int32_t *tokens,
                        const int32_t *positions, const int32_t *sequences,
                        int32_t count, const int32_t *selected,
                        int32_t selected_count) {
  return quipu_run(model, nullptr, tokens, positions, sequences, count,
                   selected, selected_count);
}

const float *quipu_logits(const quipu_model *model, int32_t row) {
  return quipu_output(model, "logits", row);
}

struct quipu_grammar {
  quipu_grammar(Grammar grammar, const TokenTrie &tokens)
      : constraint(std::move(grammar), tokens) {}
  Constraint constraint;
};

static SamplerOptions getSamplerOptions(const quipu_sampling &sampling) {
  return {.temperature = sampling.temperature,
          .topK = sampling.top_k,
          .topP = sampling.top_p == 0 ? 1 : sampling.top_p,
          .minP = sampling.min_p,
          .repeatPenalty =
              sampling.repeat_penalty == 0 ? 1 : sampling.repeat_penalty,
          .seed = sampling.seed};
}

quipu_status quipu_generate(quipu_model *model, const int32_t *tokens,
                            const int32_t *sequences, int32_t count,
                            const quipu_sampling *sampling, int32_t steps,
                            quipu_token_reader read, void *data) {
  if (!tokens || !read)
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "tokens and read must not be NULL");
  if (sampling && sampling->size < sizeof(size_t))
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "quipu_sampling: size must be sizeof(quipu_sampling)");
  if (steps < 0 || count < 0)
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "count and steps must not be negative");
  if (!getLogits(quipu_program.entries[0]))
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "the default entry gives no logits");
  SamplerOptions options = getSamplerOptions(readSized(sampling));
  // Also what is no number.
  if (!(options.temperature >= 0 && options.topK >= 0 && options.topP > 0 &&
        options.minP >= 0 && options.repeatPenalty > 0))
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "quipu_sampling: no number may be negative");
  quipu_grammar *const *grammars = readSized(sampling).grammars;
  return guard(model, [&] {
    std::vector<OpenText> texts;
    texts.reserve(count);
    for (int32_t i = 0; i < count; ++i) {
      Sampler sampler(options);
      sampler.accept(tokens[i]);
      quipu_grammar *grammar = grammars ? grammars[i] : nullptr;
      texts.push_back({sequences ? sequences[i] : 0, tokens[i], sampler,
                       grammar ? &grammar->constraint : nullptr});
      ++options.seed;
    }
    return model->report(
        generateTokens(*model->session, texts, /*entry=*/0, steps,
                       [&](std::span<const int32_t> chosen) {
                         return read(data, chosen.data(),
                                     static_cast<int32_t>(chosen.size())) != 0;
                       }));
  });
}

quipu_status quipu_grammar_create(quipu_model *model, quipu_grammar_form form,
                                  const char *text, size_t bytes,
                                  quipu_grammar **grammar) {
  if (!text || !grammar)
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "text and grammar must not be NULL");
  *grammar = nullptr;
  if (form != QUIPU_GRAMMAR_GBNF && form != QUIPU_GRAMMAR_JSON_SCHEMA)
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "form must be QUIPU_GRAMMAR_GBNF or "
                         "QUIPU_GRAMMAR_JSON_SCHEMA");
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  const abi::Tensor *logits = getLogits(quipu_program.entries[0]);
  if (!logits)
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "the default entry gives no logits");
  return guard(model, [&] {
    Grammar read;
    std::string error =
        readGrammar(form == QUIPU_GRAMMAR_GBNF ? GrammarForm::Gbnf
                                               : GrammarForm::JsonSchema,
                    {text, bytes}, *model->tokenizer, read);
    if (!error.empty())
      return model->report(argumentError(std::move(error)));
    if (!model->tokens)
      model->tokens.emplace(
          *model->tokenizer, logits->width,
          [&](int32_t token) { return quipu_is_end(model, token) != 0; });
    *grammar = new quipu_grammar(std::move(read), *model->tokens);
    return QUIPU_OK;
  });
}

void quipu_grammar_destroy(quipu_grammar *grammar) { delete grammar; }

void quipu_grammar_restart(quipu_grammar *grammar) {
  grammar->constraint.restart();
}

quipu_status quipu_grammar_mask(quipu_model *model, quipu_grammar *grammar,
                                float *logits) {
  return guard(model, [&] {
    std::string error;
    const TokenMask *allowed = grammar->constraint.next(error);
    if (!allowed)
      return model->report(argumentError(std::move(error)));
    for (int32_t token = 0; token < quipu_vocabulary(model); ++token)
      if (!isAllowed(*allowed, token))
        logits[token] = -INFINITY;
    return QUIPU_OK;
  });
}

quipu_status quipu_grammar_accept(quipu_model *model, quipu_grammar *grammar,
                                  int32_t token) {
  return guard(model, [&] {
    return grammar->constraint.accept(token)
               ? QUIPU_OK
               : model->report(argumentError(
                     "token " + std::to_string(token) +
                     " does not fit the grammar where the text is"));
  });
}

int32_t quipu_grammar_is_complete(const quipu_grammar *grammar) {
  return grammar->constraint.isComplete();
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

quipu_status quipu_fork(quipu_model *model, int32_t from, int32_t to) {
  if (!hasSequence(model, from) || !hasSequence(model, to))
    return model->report(QUIPU_ERROR_ARGUMENT, "there is no such sequence");
  model->session->fork(from, to);
  return QUIPU_OK;
}

int32_t quipu_length(const quipu_model *model, int32_t sequence) {
  return hasSequence(model, sequence) ? model->session->length(sequence) : -1;
}

size_t quipu_cache_bytes(const quipu_model *model) {
  return model->session->cacheBytes();
}

int32_t quipu_vocabulary(const quipu_model *model) {
  return std::max(quipu_output_width(model, nullptr, "logits"), 0);
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
  *count = 0;
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  return guard(model, [&] {
    return copyOut(
        model,
        model->tokenizer->encode(
            std::string_view(text, bytes),
            {.addSpecial = true, .parseSpecial = parse_special != 0}),
        tokens, capacity, count);
  });
}

quipu_status quipu_tokenize_pair(quipu_model *model, const char *first,
                                 size_t firstBytes, const char *second,
                                 size_t secondBytes, int32_t parse_special,
                                 int32_t *tokens, int32_t *types,
                                 size_t capacity, size_t *count) {
  *count = 0;
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  return guard(model, [&] {
    std::vector<int32_t> ids, typesOfIds;
    std::string error = model->tokenizer->encodePair(
        {first, firstBytes}, {second, secondBytes},
        {.parseSpecial = parse_special != 0}, ids, typesOfIds);
    if (!error.empty())
      return model->report(QUIPU_ERROR_ARGUMENT, error.c_str());
    copyOut(model, typesOfIds, types, capacity, count);
    return copyOut(model, ids, tokens, capacity, count);
  });
}

quipu_status quipu_detokenize(quipu_model *model, const int32_t *tokens,
                              size_t count, char *text, size_t capacity,
                              size_t *bytes) {
  *bytes = 0;
  if (!model->tokenizer)
    return model->report(QUIPU_ERROR_NO_TOKENIZER,
                         "the model has no tokenizer");
  return guard(model, [&] {
    return copyOut(model, model->tokenizer->decode({tokens, count}), text,
                   capacity, bytes);
  });
}

/// Reads the messages and runs the template. Returns a sentence about what
/// failed, with its status, or nothing.
std::string quipu_model::renderChat(const quipu_chat &chat, jinja::Text &prompt,
                                    quipu_status &status) {
  status = QUIPU_ERROR_NO_TOKENIZER;
  if (!tokenizer)
    return "the model has no tokenizer";
  status = QUIPU_ERROR_ARGUMENT;
  if (!chat.messages)
    return "quipu_chat: messages must not be NULL";
  jinja::Conversation conversation;
  if (std::string error = conversation.setMessages(chat.messages);
      !error.empty())
    return "messages: " + error;
  if (chat.tools)
    if (std::string error = conversation.setTools(chat.tools); !error.empty())
      return "tools: " + error;
  if (chat.variables)
    if (std::string error = conversation.setVariables(chat.variables);
        !error.empty())
      return "variables: " + error;
  status = QUIPU_ERROR_TEMPLATE;
  if (!chatTemplate) {
    ChatTemplate form;
    if (std::string error = form.load(*tokenizer); !error.empty())
      return error;
    chatTemplate = std::move(form);
  }
  return chatTemplate->render(conversation, prompt);
}

/// Gives what `take` makes of a conversation's prompt.
template <typename Take, typename To>
static quipu_status takeChat(quipu_model *model, const quipu_chat *given,
                             Take take, To *to, size_t capacity,
                             size_t *count) {
  *count = 0;
  if (!given || given->size < sizeof(size_t))
    return model->report(QUIPU_ERROR_ARGUMENT,
                         "quipu_chat: size must be sizeof(quipu_chat)");
  quipu_chat chat = readSized(given);
  return guard(model, [&] {
    jinja::Text prompt;
    quipu_status status;
    if (std::string error = model->renderChat(chat, prompt, status);
        !error.empty())
      return model->report({status, error});
    return copyOut(model, take(chat, prompt), to, capacity, count);
  });
}

quipu_status quipu_chat_tokens(quipu_model *model, const quipu_chat *chat,
                               int32_t *tokens, size_t capacity,
                               size_t *count) {
  return takeChat(
      model, chat,
      [&](const quipu_chat &asked, const jinja::Text &prompt) {
        std::vector<int32_t> ids;
        model->chatTemplate->encode(prompt, asked.parse_special != 0, ids);
        return ids;
      },
      tokens, capacity, count);
}

quipu_status quipu_chat_text(quipu_model *model, const quipu_chat *chat,
                             char *text, size_t capacity, size_t *bytes) {
  return takeChat(
      model, chat,
      [](const quipu_chat &, const jinja::Text &prompt) {
        return prompt.bytes;
      },
      text, capacity, bytes);
}

int32_t quipu_is_end(const quipu_model *model, int32_t token) {
  return isEnd(quipu_program, token) ||
         (model->tokenizer && model->tokenizer->isEndOfGeneration(token));
}
