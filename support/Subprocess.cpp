//===- Subprocess.cpp - Running other programs ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Subprocess.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

//===----------------------------------------------------------------------===//
// MemoryFile
//===----------------------------------------------------------------------===//

static std::string fileError() {
  return std::string("cannot keep a file in memory: ") + strerror(errno);
}

MemoryFile::~MemoryFile() {
  if (file >= 0)
    close(file);
}

std::string MemoryFile::create() {
  file = memfd_create("quipu", MFD_CLOEXEC);
  return file < 0 ? fileError() : "";
}

std::string MemoryFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fileError();
    bytes.remove_prefix(written);
  }
  return "";
}

std::string MemoryFile::read(std::string &content) const {
  content.clear();
  char buffer[65536];
  for (;;) {
    ssize_t count =
        pread(file, buffer, sizeof(buffer), static_cast<off_t>(content.size()));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fileError();
    if (count == 0)
      return "";
    content.append(buffer, count);
  }
}

std::string MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(file);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

std::string quipu::start(const ProgramCall &command, pid_t &process) {
  std::vector<std::string> words = {command.program};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::vector<char *> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string &word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // Before standard output and errors may take their numbers; a copy onto
  // itself is inherited.
  for (int descriptor : command.shared)
    posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor);
  const int given[] = {command.input, command.output, command.errors};
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
    if (given[number] >= 0)
      posix_spawn_file_actions_adddup2(&actions, given[number], number);
    else
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR,
                                       0);
  if (!command.folder.empty())
    posix_spawn_file_actions_addchdir_np(&actions, command.folder.c_str());
  int error = posix_spawn(&process, command.program.c_str(), &actions, nullptr,
                          arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error ? "cannot run '" + command.program + "': " + strerror(error)
               : "";
}

std::string quipu::run(const ProgramCall &command, int &status) {
  pid_t process;
  std::string error = start(command, process);
  if (!error.empty())
    return error;
  int state;
  while (waitpid(process, &state, 0) < 0)
    if (errno != EINTR)
      return "cannot wait for '" + command.program + "': " + strerror(errno);
  status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return "";
}
