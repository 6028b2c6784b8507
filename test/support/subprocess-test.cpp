//===- subprocess-test.cpp - What other programs get and say --------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: subprocess-test FOLDER
//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "support/Subprocess.h"
#include "test/Expect.h"
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

/// A script's exit status and what it prints.
static int runScript(const std::string &script, std::string &printed,
                     const std::string &folder = "",
                     const std::vector<int> &shared = {}) {
  MemoryFile output;
  EXPECT(output.create().empty());
  int status = -1;
  std::string error = run({.program = "/bin/sh",
                           .arguments = {"-c", script, "name", "$HOME 'x y'"},
                           .output = output.descriptor(),
                           .folder = folder,
                           .shared = shared},
                          status);
  EXPECT(error.empty() && output.read(printed).empty());
  return status;
}

static void testMemoryFile() {
  MemoryFile file;
  std::string content = "old";
  EXPECT(file.create().empty());
  EXPECT(file.read(content).empty() && content.empty());
  // More than is read at a time, and its exact size.
  std::string large(65536, 'a');
  EXPECT(file.write(large).empty());
  EXPECT(file.read(content).empty() && content == large);
  EXPECT(file.write("bc").empty() && file.write("").empty());
  EXPECT(file.read(content).empty() && content == large + "bc");
  // Whoever opens the path has the same file.
  int opened = open(file.path().c_str(), O_RDONLY);
  struct stat status;
  EXPECT(opened >= 0 && fstat(opened, &status) == 0);
  EXPECT(status.st_size == 65538);
  close(opened);
  EXPECT((fcntl(file.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}

static void testArguments(const std::string &folder) {
  std::string printed;
  // No shell sees them.
  EXPECT(runScript("printf '%s|' \"$@\"; echo $#", printed) == 0);
  EXPECT(printed == "$HOME 'x y'|1\n");
  EXPECT(runScript("pwd", printed, folder) == 0 && printed == folder + "\n");
  EXPECT(runScript("exit 3", printed) == 3 && printed.empty());
  EXPECT(runScript("kill -TERM $$", printed) == 128 + SIGTERM);
}

static void testDescriptors() {
  std::string printed;
  // What is not given is empty.
  EXPECT(runScript("wc -c; echo lost >&2", printed) == 0 && printed == "0\n");

  MemoryFile input, errors, hidden;
  EXPECT(input.create().empty() && input.write("some text").empty());
  EXPECT(errors.create().empty() && hidden.create().empty());
  lseek(input.descriptor(), 0, SEEK_SET);
  int status = -1;
  EXPECT(run({.program = "/bin/sh",
              .arguments = {"-c", "cat >&2"},
              .input = input.descriptor(),
              .errors = errors.descriptor()},
             status)
             .empty());
  EXPECT(status == 0 && errors.read(printed).empty() && printed == "some text");

  std::string script =
      "echo shared >&" + std::to_string(errors.descriptor()) + " && echo yes";
  EXPECT(runScript(script, printed) != 0 && printed.empty());
  EXPECT(runScript(script, printed, "", {errors.descriptor()}) == 0);
  EXPECT(printed == "yes\n" && errors.read(printed).empty());
  EXPECT(printed == "some textshared\n");
}

static void testMissing() {
  int status = -1;
  EXPECT(run({.program = "/nowhere/program"}, status) ==
         "cannot run '/nowhere/program': No such file or directory");
  EXPECT(run({.program = "/"}, status) == "cannot run '/': Permission denied");
  EXPECT(status == -1);
  // None is looked for in PATH.
  EXPECT(run({.program = "true"}, status).starts_with("cannot run 'true'"));
}

/// The caller goes on at once.
static void testStart() {
  int ends[2];
  EXPECT(pipe2(ends, O_CLOEXEC) == 0);
  pid_t process = -1;
  EXPECT(start({.program = "/bin/cat", .input = ends[0]}, process).empty());
  EXPECT(process > 0 && waitpid(process, nullptr, WNOHANG) == 0);
  close(ends[0]);
  close(ends[1]);
  int state = -1;
  EXPECT(waitpid(process, &state, 0) == process && state == 0);
}

int main(int argc, char **argv) {
  EXPECT(argc == 2);
  testMemoryFile();
  testArguments(argv[1]);
  testDescriptors();
  testMissing();
  testStart();
  puts("ok");
}
