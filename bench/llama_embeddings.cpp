//===- llama_embeddings.cpp - llama.cpp's embeddings for bench/ -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   llama-embeddings MODEL THREADS BATCH OUT TEXTS
//     embeds each line of TEXTS, at most BATCH tokens together; prints how many
//     seconds tokenizing and embedding all took, and writes the vectors to OUT,
//     f32, one after the other.
//
//===----------------------------------------------------------------------===//

#include "llama.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

[[noreturn]] static void fail(const std::string &message) {
  std::fprintf(stderr, "llama-embeddings: error: %s\n", message.c_str());
  std::exit(1);
}

/// What is read together.
struct Batch {
  llama_batch tokens;
  int32_t texts = 0;
};

static void add(Batch &batch, const std::vector<llama_token> &text) {
  for (size_t i = 0; i < text.size(); ++i) {
    int32_t at = batch.tokens.n_tokens++;
    batch.tokens.token[at] = text[i];
    batch.tokens.pos[at] = llama_pos(i);
    batch.tokens.n_seq_id[at] = 1;
    batch.tokens.seq_id[at][0] = batch.texts;
    batch.tokens.logits[at] = true;
  }
  ++batch.texts;
}

static void run(llama_context *context, Batch &batch, int32_t width,
                std::vector<float> &vectors) {
  if (batch.texts == 0)
    return;
  if (llama_encode(context, batch.tokens))
    fail("llama.cpp cannot evaluate these texts");
  for (int32_t i = 0; i < batch.texts; ++i) {
    const float *numbers = llama_get_embeddings_seq(context, i);
    double sum = 0;
    for (int32_t j = 0; j < width; ++j)
      sum += double(numbers[j]) * numbers[j];
    for (int32_t j = 0; j < width; ++j)
      vectors.push_back(float(numbers[j] / std::sqrt(sum)));
  }
  batch.tokens.n_tokens = batch.texts = 0;
}

int main(int argc, char **argv) {
  if (argc != 6)
    fail("usage: llama-embeddings MODEL THREADS BATCH OUT TEXTS");
  llama_log_set(
      [](ggml_log_level level, const char *text, void *) {
        if (level >= GGML_LOG_LEVEL_ERROR && level != GGML_LOG_LEVEL_CONT)
          std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  llama_model *model =
      llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model)
    fail(std::string(argv[1]) + ": llama.cpp cannot load this model");
  const int32_t most = std::atoi(argv[3]), maxTexts = 64;
  llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = uint32_t(most);
  params.n_seq_max = maxTexts;
  params.n_threads = params.n_threads_batch = std::atoi(argv[2]);
  params.embeddings = true;
  params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
  params.attention_type = LLAMA_ATTENTION_TYPE_NON_CAUSAL;
  params.kv_unified = true;
  llama_context *context = llama_init_from_model(model, params);
  if (!context)
    fail("llama.cpp cannot make a context");

  std::vector<std::string> lines;
  std::ifstream file(argv[5]);
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  const llama_vocab *vocabulary = llama_model_get_vocab(model);
  const int32_t width = llama_model_n_embd(model);
  std::vector<float> vectors;
  Batch batch{llama_batch_init(most, 0, 1)};
  auto start = std::chrono::steady_clock::now();
  for (const std::string &line : lines) {
    std::vector<llama_token> tokens(line.size() + 2);
    int32_t count =
        llama_tokenize(vocabulary, line.data(), int32_t(line.size()),
                       tokens.data(), int32_t(tokens.size()), true, false);
    if (count < 1 || count > most)
      fail("llama.cpp cannot tokenize a text");
    tokens.resize(size_t(count));
    if (batch.texts == maxTexts || batch.tokens.n_tokens + count > most)
      run(context, batch, width, vectors);
    add(batch, tokens);
  }
  run(context, batch, width, vectors);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  std::printf("%.6f\n", seconds.count());
  std::ofstream out(argv[4], std::ios::binary);
  out.write(reinterpret_cast<const char *>(vectors.data()),
            std::streamsize(vectors.size() * sizeof(float)));
}
