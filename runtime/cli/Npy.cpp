//===- Npy.cpp - Writing a matrix for NumPy -------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Npy.h"
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace quipu;

NpyWriter::~NpyWriter() {
  if (file)
    fclose(file);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

std::string NpyWriter::failure() {
  return "cannot write '" + path + "': " + strerror(errno);
}

std::string NpyWriter::open(const std::string &name, int64_t rows,
                            int64_t width) {
  path = name;
  columns = width;
  struct stat existing;
  if (stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode))
    return "cannot write '" + path + "': it is not a regular file";
  temporary = path + ".tmp" + std::to_string(getpid());
  file = fopen(temporary.c_str(), "wbxe");
  if (!file) {
    temporary.clear();
    return failure();
  }
  // Magic, version 1.0, 16-bit length; the header ends with a newline at a
  // multiple of 64 bytes.
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(columns) +
                       "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const char start[] = {'\x93',
                        'N',
                        'U',
                        'M',
                        'P',
                        'Y',
                        1,
                        0,
                        static_cast<char>(header.size() & 255),
                        static_cast<char>(header.size() >> 8)};
  fwrite(start, 1, sizeof(start), file);
  fwrite(header.data(), 1, header.size(), file);
  return ferror(file) ? failure() : "";
}

std::string NpyWriter::append(const float *row) {
  size_t written = fwrite(row, sizeof(float), columns, file);
  return written == static_cast<size_t>(columns) ? "" : failure();
}

std::string NpyWriter::finish() {
  int closed = fclose(file);
  file = nullptr;
  if (closed != 0 || rename(temporary.c_str(), path.c_str()) != 0)
    return failure();
  temporary.clear();
  return "";
}
