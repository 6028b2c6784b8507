//===- Stream.h - Tokens as they are generated ------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_PYTHON_STREAM_H
#define QUIPU_PYTHON_STREAM_H

#include "Model.h"
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace quipu::python {

/// Generates on a thread of its own, up to the token that ends the text, which
/// is not given.
class Stream {
public:
  Stream(std::shared_ptr<Model> model, int32_t token, Sampling sampling,
         int32_t steps);
  ~Stream() { close(); }
  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  /// A token and the bytes of its text.
  using Part = std::pair<int32_t, std::string>;

  /// What comes next, or nothing at the end; throws what went wrong. Waits
  /// without Python's lock.
  std::optional<Part> next();
  /// Ends the generation.
  void close();

private:
  bool take(int32_t token);

  std::shared_ptr<Model> model;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Part> parts;
  int32_t last; // token
  bool isDone = false, isClosed = false;
  std::exception_ptr error;
  std::thread thread;
};

} // namespace quipu::python

#endif // QUIPU_PYTHON_STREAM_H
