//===- DraftProgram.cpp - Drafts from a second program --------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/generate/speculative/DraftProgram.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/speculative/DraftProtocol.h"
#include "support/Subprocess.h"
#include <algorithm>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace quipu;

/// To map a file and to greet takes milliseconds.
static constexpr int maxGreetingMilliseconds = 10000;

std::string DraftProgram::spawn(const abi::Program &program,
                                const SessionOptions &options) {
  auto failed = [&](int error) {
    return "cannot start the draft program '" + path + "': " + strerror(error);
  };
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) < 0)
    return failed(errno);
  requests = input[1];
  if (pipe2(output, O_CLOEXEC) < 0) {
    int error = errno;
    close(input[0]);
    return failed(error);
  }
  answers = output[0];

  std::vector<std::string> words = {
      "--drafter", "--context",
      std::to_string(options.context ? options.context : program.context)};
  if (options.engine.threads) {
    words.push_back("--threads");
    words.push_back(std::to_string(options.engine.threads));
  }
  std::string error =
      quipu::start({.program = path,
                    .arguments = std::move(words),
                    .input = input[0],
                    .output = output[1],
                    // Instead of a greeting comes what is wrong.
                    .errors = output[1]},
                   process);
  close(input[0]);
  close(output[1]);
  if (error.empty())
    return "";
  process = -1;
  return error;
}

std::string DraftProgram::greet(const DraftGreeting &expected) {
  DraftGreeting greeting = {};
  std::string received; // or a message
  char buffer[sizeof(greeting)];
  pollfd waited = {answers, POLLIN, 0};
  while (greeting.magic != DraftGreeting::expectedMagic) {
    ssize_t count =
        received.size() < 1000 && poll(&waited, 1, maxGreetingMilliseconds) == 1
            ? read(answers, buffer, sizeof(buffer))
            : 0;
    if (count <= 0)
      return "'" + path + "' cannot draft" +
             (received.empty()
                  ? "; --draft takes a program that this release "
                    "of quipu built"
                  : ": " + received.substr(0, received.find('\n')));
    received.append(buffer, count);
    if (received.size() == sizeof(greeting))
      memcpy(&greeting, received.data(), sizeof(greeting));
  }
  if (memcmp(&greeting, &expected, sizeof(greeting)) != 0)
    return "the draft program '" + path +
           "' has other tokens than this one; build both from models with one "
           "vocabulary";
  return "";
}

std::string DraftProgram::start(const abi::Program &program,
                                const abi::Entry &entry,
                                const Tokenizer *tokenizer,
                                const SessionOptions &options) {
  tokenLimit = getTokenLimit(entry);
  std::string error = spawn(program, options);
  return error.empty() ? greet(makeGreeting(entry, tokenizer)) : error;
}

DraftProgram::~DraftProgram() {
  close(requests);
  close(answers);
  if (process < 0)
    return;
  kill(process, SIGKILL); // it has nothing to lose
  waitpid(process, nullptr, 0);
}

bool DraftProgram::ask(const std::vector<int32_t> &text, int32_t most,
                       std::vector<int32_t> &drafted) {
  auto [differs, unused] =
      std::mismatch(known.begin(), known.end(), text.begin(), text.end());
  size_t kept = differs - known.begin(), added = text.size() - kept;
  DraftRequest request = {static_cast<int32_t>(kept),
                          static_cast<int32_t>(added), most};
  int32_t count = 0;
  if (!writeBytes(requests, &request, sizeof(request)) ||
      !writeBytes(requests, &text[kept], added * sizeof(int32_t)) ||
      !readBytes(answers, &count, sizeof(count)) || count < 0 || count > most)
    return false;
  drafted.resize(count);
  if (!readBytes(answers, drafted.data(), count * sizeof(int32_t)))
    return false;
  known = text;
  known.insert(known.end(), drafted.begin(), drafted.end());
  return std::all_of(drafted.begin(), drafted.end(),
                     [&](int32_t id) { return id >= 0 && id < tokenLimit; });
}

std::string DraftProgram::draft(const std::vector<int32_t> &text, int32_t most,
                                std::vector<int32_t> &drafted) {
  if (ask(text, most, drafted))
    return "";
  drafted.clear();
  return "the draft program '" + path +
         "' no longer answers as it should; the text went on without it";
}
