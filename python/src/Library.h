//===- Library.h - The functions of a compiled model ------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_PYTHON_LIBRARY_H
#define QUIPU_PYTHON_LIBRARY_H

#include "runtime/capi/Quipu.h"
#include <memory>
#include <stdexcept>
#include <string>

namespace quipu::python {

/// What Quipu.h declares, in one library: others have the same names.
class Library {
public:
  explicit Library(const std::string &path);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

#define QUIPU_FUNCTION(name) decltype(&::quipu_##name) name;
#include "Functions.def"

private:
  void *handle;
};

/// A function of the library has failed.
class Error : public std::runtime_error {
public:
  Error(quipu_status status, const std::string &sentence)
      : std::runtime_error(sentence), status(status) {}
  quipu_status status;
};

} // namespace quipu::python

#endif // QUIPU_PYTHON_LIBRARY_H
