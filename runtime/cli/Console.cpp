//===- Console.cpp - What a program reads and prints ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "support/Descriptors.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace quipu;

std::string quipu::programName;

int quipu::fail(const std::string &sentence) {
  fprintf(stderr, "%s: error: %s\n", programName.c_str(), sentence.c_str());
  return 1;
}

void quipu::note(const std::string &sentence) {
  fprintf(stderr, "%s: %s\n", programName.c_str(), sentence.c_str());
}

int quipu::print(std::string_view text) {
  return writeAll(STDOUT_FILENO, text);
}

int quipu::outputStatus(int error) {
  return error == 0 || error == EPIPE
             ? 0
             : fail(std::string("cannot write the output: ") + strerror(error));
}

/// Far more than any context holds: what is longer has no end, or is no text.
static constexpr size_t maxTextBytes = size_t(64) << 20;

/// Appends what there is of `file`; false at its end, or after an error.
static bool appendFrom(int file, const std::string &name, std::string &text,
                       std::string &error) {
  size_t before = text.size();
  constexpr size_t part = 65536;
  text.resize(before + part);
  ssize_t count = readSome(file, text.data() + before, part);
  text.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0)
    error = "cannot read " + name + ": " + strerror(errno);
  else if (text.size() > maxTextBytes)
    error = name + " has more than " + std::to_string(maxTextBytes >> 20) +
            " MiB for one text, which no context holds";
  return count > 0 && error.empty();
}

std::string quipu::readInput(std::string &text) {
  if (isatty(STDIN_FILENO))
    return "there is no prompt; put it into quotes after the program's name or "
           "on standard input, see --help";
  std::string error;
  while (appendFrom(STDIN_FILENO, "standard input", text, error)) {
  }
  if (text.ends_with('\n'))
    text.pop_back();
  return error;
}

std::string quipu::readFile(const std::string &path, std::string &text) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return "cannot read '" + path + "': " + strerror(errno);
  std::string error;
  while (appendFrom(file, "'" + path + "'", text, error)) {
  }
  close(file);
  return error;
}

bool InputLines::read(std::string &line) {
  size_t seen = used, end;
  while ((end = buffer.find('\n', seen)) == buffer.npos) {
    buffer.erase(0, used);
    used = 0;
    seen = buffer.size();
    if (!appendFrom(STDIN_FILENO, "standard input", buffer, failure)) {
      if (buffer.empty() || !failure.empty())
        return false;
      end = buffer.size();
      break;
    }
  }
  line.assign(buffer, used, end - used);
  used = std::min(end + 1, buffer.size());
  return true;
}

std::string quipu::tokenRate(int64_t tokens, double seconds) {
  char text[64];
  snprintf(text, sizeof(text), "in %.2f s (%.1f tokens/s)", seconds,
           seconds > 0 ? static_cast<double>(tokens) / seconds : 0);
  return text;
}

static volatile sig_atomic_t wasInterrupted = 0;

static struct sigaction otherwise; // what an interrupt did before

void quipu::catchInterrupts() {
  wasInterrupted = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { wasInterrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &otherwise);
}

void quipu::releaseInterrupts() { sigaction(SIGINT, &otherwise, nullptr); }

bool quipu::interrupted() { return wasInterrupted; }
