//===- Stream.cpp - Tokens as they are generated --------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stream.h"
#include <utility>

using namespace quipu::python;

Stream::Stream(std::shared_ptr<Model> used, int32_t token, Sampling sampling,
               int32_t steps)
    : model(std::move(used)), last(token) {
  thread = std::thread([this, token, sampling = std::move(sampling), steps] {
    std::exception_ptr failure;
    try {
      model->generate(
          token, sampling, steps,
          [](void *data, const int32_t *tokens, int32_t) -> int {
            return static_cast<Stream *>(data)->take(*tokens);
          },
          this);
    } catch (...) {
      failure = std::current_exception();
    }
    std::lock_guard lock(mutex);
    error = failure;
    isDone = true;
    changed.notify_all();
  });
}

/// Whether the generation goes on.
bool Stream::take(int32_t token) {
  std::lock_guard lock(mutex);
  if (isClosed || model->isEnd(token))
    return false;
  parts.emplace_back(token, model->detokenizeNext(last, token));
  last = token;
  changed.notify_all();
  return true;
}

std::optional<Stream::Part> Stream::next() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return !parts.empty() || isDone || isClosed; });
  if (!parts.empty()) {
    Part part = std::move(parts.front());
    parts.pop_front();
    return part;
  }
  if (std::exception_ptr failure = std::exchange(error, nullptr))
    std::rethrow_exception(failure);
  lock.unlock();
  close();
  return std::nullopt;
}

void Stream::close() {
  {
    std::lock_guard lock(mutex);
    isClosed = true;
    changed.notify_all();
  }
  if (thread.joinable())
    thread.join();
}
