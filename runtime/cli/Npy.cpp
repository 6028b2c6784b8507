//===- Npy.cpp - Writing a matrix for NumPy -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Npy.h"
#include "runtime/cli/Console.h"

using namespace quipu;

std::string NpyWriter::open(const std::string &path, int64_t rows,
                            int64_t width) {
  columns = width;
  std::string error = checkOutput(path);
  if (error.empty())
    error = file.open(path);
  if (!error.empty())
    return error;
  // Magic, version 1.0, 16-bit length; the header ends with a newline at a
  // multiple of 64 bytes.
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(columns) +
                       "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string start = "\x93NUMPY\x01";
  start += '\0';
  start += static_cast<char>(header.size() & 255);
  start += static_cast<char>(header.size() >> 8);
  return file.write(start + header);
}

std::string NpyWriter::append(const float *row) {
  return file.write({reinterpret_cast<const char *>(row),
                     static_cast<size_t>(columns) * sizeof(float)});
}
