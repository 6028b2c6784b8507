//===- output-file-test.cpp - Writes files as the compiler does -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: output-file-test [--executable] [--wait] [--input FILE]... OUTPUT...
//
// Copies standard input to all outputs, "-" being standard output. With --wait,
// stops before they get their names, and has a temporary folder meanwhile.
//
//===----------------------------------------------------------------------===//

#include "support/OutputFile.h"
#include <cstdio>
#include <unistd.h>
#include <vector>

using namespace quipu;

static int fail(const std::string &sentence) {
  fprintf(stderr, "error: %s\n", sentence.c_str());
  return 1;
}

/// Stands for a build that takes its time.
static std::string wait() {
  TemporaryFolder folder;
  std::string error = folder.create();
  if (error.empty())
    error = writeFile(folder.path() + "/kernel.bc", "kernel");
  if (!error.empty())
    return error;
  puts("waiting");
  fflush(stdout);
  for (;;)
    pause();
}

int main(int argc, char **argv) {
  prepareForOutput();
  RunFiles run;
  OutputOptions options{.standardOutput = true};
  bool waits = false;
  std::vector<OutputFile> files;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--executable") {
      options.executable = true;
    } else if (argument == "--wait") {
      waits = true;
    } else if (argument == "--input") {
      argument = argv[++i];
      run.addInput(argument, "the input " + argument);
    } else {
      std::string error = run.addOutput(argument, "the output " + argument,
                                        options.standardOutput);
      if (error.empty())
        error = files.emplace_back().open(argument, options);
      if (!error.empty())
        return fail(error);
    }
  }
  char buffer[10000];
  while (ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer)))
    for (OutputFile &file : files)
      if (std::string error = file.write({buffer, size_t(count)});
          !error.empty())
        return fail(error);
  if (waits)
    return fail(wait());
  for (OutputFile &file : files)
    if (std::string error = file.keep(); !error.empty())
      return fail(error);
}
