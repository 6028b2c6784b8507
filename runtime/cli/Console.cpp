//===- Console.cpp - What a program reads and prints ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Console.h"
#include "support/Descriptors.h"
#include "support/InputText.h"
#include "support/OutputPlace.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
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

std::string quipu::checkOutput(const std::string &path) {
  RunFiles files;
  files.addInput("/proc/self/exe", "this program");
  files.addInput("/dev/stdin", "standard input");
  OutputPlace place;
  std::string error = place.examine(path, /*standardOutput=*/false);
  if (place.kind == OutputPlace::File)
    files.addInput("/dev/stdout", "standard output");
  return error.empty() ? files.addOutput(path, "") : error;
}

std::string quipu::readInput(std::string &text) {
  if (isatty(STDIN_FILENO))
    return "there is no prompt; put it into quotes after the program's name or "
           "on standard input, see --help";
  std::string error = readStandardInput(text);
  if (text.ends_with('\n'))
    text.pop_back();
  return error;
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
