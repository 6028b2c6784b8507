// Loops over weights and over other things, for prefetch-weights.test.

#include "abi/Abi.h"

using namespace quipu::abi;
using Vector = float __attribute__((vector_size(32), aligned(4)));

static const Vector *at(const void *base, int64_t bytes) {
  return reinterpret_cast<const Vector *>(static_cast<const char *>(base) +
                                          bytes);
}

extern "C" {

// Two lines of 64 bytes in each round, the first of which is read twice.
void lines(const StepArgs *args, Vector *y, int64_t begin, int64_t end) {
  Vector sum = {};
  for (int64_t i = begin; i != end; ++i)
    sum += *at(args->weights, 128 * i) * *at(args->weights, 128 * i + 32) +
           *at(args->weights, 128 * i + 64);
  *y = sum;
}

void arena(const StepArgs *args, Vector *y, int64_t end) {
  Vector sum = {};
  for (int64_t i = 0; i != end; ++i)
    sum += *at(args->arena, 64 * i);
  *y = sum;
}

// Each token reads the same weights.
void tokens(const StepArgs *args, Vector *y, int64_t end, int64_t tokens) {
  const void *weights = args->weights;
  for (int64_t token = 0; token != tokens; ++token) {
    Vector sum = {};
    for (int64_t i = 0; i != end; ++i)
      sum += *at(weights, 64 * i) * y[token];
    y[token] = sum;
  }
}

// Each row reads others.
void rows(const StepArgs *args, Vector *y, int64_t end, int64_t rows) {
  const void *weights = args->weights;
  for (int64_t row = 0; row != rows; ++row) {
    Vector sum = {};
    for (int64_t i = 0; i != end; ++i)
      sum += *at(weights, 4096 * row + 64 * i);
    y[row] = sum;
  }
}

void numbers(const StepArgs *args, float *y, int64_t end) {
  float sum = 0;
  for (int64_t i = 0; i != end; ++i)
    sum += static_cast<const float *>(args->weights)[16 * i];
  *y = sum;
}

// In no loop.
void once(const StepArgs *args, Vector *y) { *y = *at(args->weights, 0); }
}
