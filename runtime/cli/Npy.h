//===- Npy.h - Writing a matrix for NumPy -----------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_NPY_H
#define QUIPU_RUNTIME_CLI_NPY_H

#include "support/OutputFile.h"
#include <cstdint>
#include <string>

namespace quipu {

/// Writes a row-major f32 matrix as a .npy file, row by row.
class NpyWriter {
public:
  /// These return a sentence about what failed, or nothing. `append` must be
  /// called once for each row.
  std::string open(const std::string &path, int64_t rows, int64_t columns);
  std::string append(const float *row);
  std::string finish() { return file.keep(); }

private:
  OutputFile file;
  int64_t columns = 0;
};

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_NPY_H
