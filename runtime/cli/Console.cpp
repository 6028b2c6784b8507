//===- Console.cpp - What a program reads and prints ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
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

int quipu::print(std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return errno;
    text.remove_prefix(written);
  }
  return 0;
}

int quipu::outputStatus(int error) {
  return error == 0 || error == EPIPE
             ? 0
             : fail(std::string("cannot write the output: ") + strerror(error));
}

/// Appends all that there is; returns what errno says, or 0.
static int readAll(int file, std::string &text) {
  char buffer[65536];
  for (;;) {
    ssize_t count = read(file, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return count < 0 ? errno : 0;
    text.append(buffer, count);
  }
}

std::string quipu::readInput(std::string &text) {
  if (isatty(STDIN_FILENO))
    return "there is no prompt; put it into quotes after the program's name or "
           "on standard input, see --help";
  if (int error = readAll(STDIN_FILENO, text))
    return std::string("cannot read standard input: ") + strerror(error);
  if (text.ends_with('\n'))
    text.pop_back();
  return "";
}

std::string quipu::readFile(const std::string &path, std::string &text) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  int error = file < 0 ? errno : readAll(file, text);
  if (file >= 0)
    close(file);
  return error ? "cannot read '" + path + "': " + strerror(error) : "";
}

std::string quipu::tokenRate(int64_t tokens, double seconds) {
  char text[64];
  snprintf(text, sizeof(text), "in %.2f s (%.1f tokens/s)", seconds,
           seconds > 0 ? static_cast<double>(tokens) / seconds : 0);
  return text;
}

static volatile sig_atomic_t wasInterrupted = 0;

void quipu::catchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = [](int) { wasInterrupted = 1; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
}

bool quipu::interrupted() { return wasInterrupted; }
