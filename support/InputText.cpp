//===- InputText.cpp - Texts that others write ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/InputText.h"
#include "support/Descriptors.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using namespace quipu;

static const char standardInput[] = "standard input";

/// Appends what there is of `file`; false at its end, or after an error.
static bool appendFrom(int file, const std::string &name, size_t most,
                       std::string &text, std::string &error) {
  size_t before = text.size();
  constexpr size_t part = 65536;
  text.resize(before + part);
  ssize_t count = readSome(file, text.data() + before, part);
  text.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0)
    error = "cannot read " + name + ": " + strerror(errno);
  else if (text.size() > most)
    error = name + " has more than " + std::to_string(most >> 20) +
            " MiB for one text";
  return count > 0 && error.empty();
}

static std::string readAll(int file, const std::string &name, size_t most,
                           std::string &text) {
  std::string error;
  text.clear();
  while (appendFrom(file, name, most, text, error)) {
  }
  return error;
}

std::string quipu::readTextFile(const std::string &path, std::string &text,
                                size_t most) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return "cannot read '" + path + "': " + strerror(errno);
  std::string error = readAll(file, "'" + path + "'", most, text);
  close(file);
  if (text.starts_with(byteOrderMark))
    text.erase(0, byteOrderMark.size());
  return error;
}

std::string quipu::readStandardInput(std::string &text, size_t most) {
  return readAll(STDIN_FILENO, standardInput, most, text);
}

bool InputLines::read(std::string &line) {
  size_t seen = used, end;
  while ((end = buffer.find('\n', seen)) == buffer.npos) {
    buffer.erase(0, used);
    used = 0;
    seen = buffer.size();
    ended = ended || !appendFrom(STDIN_FILENO, standardInput, maxTextBytes,
                                 buffer, failure);
    if (!ended)
      continue;
    if (buffer.empty() || !failure.empty())
      return false;
    end = buffer.size();
    break;
  }
  line.assign(buffer, used, end - used);
  size_t next = std::min(end + 1, buffer.size());
  done += next - used;
  used = next;
  return true;
}

bool InputLines::isReady() const {
  if (ended || buffer.find('\n', used) != buffer.npos)
    return true;
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}
