//===- Npy.h - Writing a matrix for NumPy -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_NPY_H
#define QUIPU_RUNTIME_CLI_NPY_H

#include <cstdint>
#include <cstdio>
#include <string>

namespace quipu {

/// Writes a row-major f32 matrix as a .npy file, row by row. The file appears
/// under its name when it is complete; otherwise nothing is left.
class NpyWriter {
public:
  NpyWriter() = default;
  NpyWriter(const NpyWriter &) = delete;
  NpyWriter &operator=(const NpyWriter &) = delete;
  ~NpyWriter();

  /// These return a sentence about what failed, or nothing. `append` must be
  /// called once for each row.
  std::string open(const std::string &path, int64_t rows, int64_t columns);
  std::string append(const float *row);
  std::string finish();

private:
  std::string failure();
  std::string path, temporary;
  FILE *file = nullptr;
  int64_t columns = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_NPY_H
