//===- Descriptors.cpp - Reading and writing file descriptors -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Descriptors.h"
#include <cerrno>
#include <poll.h>
#include <unistd.h>

using namespace quipu;

/// Whether it is worth trying again.
static bool awaits(int file, short event) {
  if (errno == EAGAIN) {
    pollfd awaited = {file, event, 0};
    poll(&awaited, 1, -1);
    return true;
  }
  return errno == EINTR;
}

ssize_t quipu::readSome(int file, char *to, size_t size) {
  ssize_t count;
  do
    count = read(file, to, size);
  while (count < 0 && awaits(file, POLLIN));
  return count;
}

int quipu::writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t count = write(file, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<size_t>(count));
    else if (!awaits(file, POLLOUT))
      return errno;
  }
  return 0;
}
