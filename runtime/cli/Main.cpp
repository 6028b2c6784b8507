//===- Main.cpp - The main function of compiled programs ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/bench/Benchmark.h"
#include "runtime/cli/Arguments.h"
#include "runtime/generate/Generation.h"
#include "runtime/generate/speculative/DraftProgram.h"
#include "runtime/generate/speculative/DraftServer.h"
#include "runtime/generate/speculative/LookupDrafter.h"
#include "runtime/text/Chat.h"
#include "runtime/text/Tokenizer.h"
#include "support/OutputFile.h"
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <unistd.h>

using namespace quipu;

static std::string programName;

static int fail(const std::string &sentence) {
  fprintf(stderr, "%s: error: %s\n", programName.c_str(), sentence.c_str());
  return 1;
}

/// Writes to standard output; returns 0 or what errno says.
static int print(std::string_view text) {
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

/// A reader that has gone is no error of ours.
static int outputStatus(int error) {
  return error == 0 || error == EPIPE
             ? 0
             : fail(std::string("cannot write the output: ") + strerror(error));
}

static int printAll(const std::string &text) {
  return outputStatus(print(text));
}

/// Standard input up to its end, without the newline that ends its last line.
static std::string readInput(std::string &text) {
  if (isatty(STDIN_FILENO))
    return "there is no prompt; put it into quotes after the program's name or "
           "on standard input, see --help";
  char buffer[65536];
  for (;;) {
    ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return std::string("cannot read standard input: ") + strerror(errno);
    if (count == 0)
      break;
    text.append(buffer, count);
  }
  if (text.ends_with('\n'))
    text.pop_back();
  return "";
}

static std::string readIds(std::string_view text, int32_t vocabulary,
                           std::vector<int32_t> &ids) {
  constexpr std::string_view blanks = " \t\n,";
  for (;;) {
    size_t start = text.find_first_not_of(blanks);
    if (start == text.npos)
      return "";
    text.remove_prefix(start);
    std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    int32_t id;
    const char *end = word.data() + word.size();
    auto [stop, error] = std::from_chars(word.data(), end, id);
    if (error != std::errc() || stop != end || id < 0 || id >= vocabulary)
      return "'--tokens' takes ids from 0 to " +
             std::to_string(vocabulary - 1) + ", not '" + std::string(word) +
             "'";
    ids.push_back(id);
  }
}

static std::string readText(const Arguments &arguments,
                            const Tokenizer *tokenizer,
                            std::vector<int32_t> &ids, std::string &echo) {
  if (!tokenizer)
    return "this program has no tokenizer; give it ids with '--tokens'";
  ChatMl chat;
  if (arguments.chat)
    if (std::string reason = chat.load(tokenizer->chatTemplate());
        !reason.empty())
      return reason;
  std::string text = arguments.prompt.value_or("");
  if (!arguments.prompt)
    if (std::string reason = readInput(text); !reason.empty())
      return reason;
  if (arguments.echo)
    echo = text;
  if (arguments.chat) {
    std::vector<ChatMessage> messages;
    if (arguments.system)
      messages.push_back({"system", *arguments.system});
    messages.push_back({"user", text});
    text = chat.render(messages);
  }
  ids = tokenizer->encode(text, {.addSpecial = true, .parseSpecial = true});
  return "";
}

static void printStatistics(const Generation &generation, Session &session,
                            const Arguments &arguments, bool drafting) {
  auto rate = [](int64_t count, double seconds) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
  };
  const GenerationStatistics &counts = generation.statistics();
  // The first token comes with the prompt's logits.
  int64_t steps = counts.generated > 0 ? counts.generated - 1 : 0;
  std::string drafts;
  if (drafting)
    drafts = "accepted " + std::to_string(counts.accepted) + " of " +
             std::to_string(counts.drafted) + " drafted tokens, ";
  fprintf(stderr,
          "%s: prompt %lld tokens in %.2f s (%.1f tokens/s), generated %lld in "
          "%.2f s (%.1f tokens/s), %s%d threads, seed %llu\n",
          programName.c_str(), static_cast<long long>(counts.prompt),
          counts.promptSeconds, rate(counts.prompt, counts.promptSeconds),
          static_cast<long long>(counts.generated), counts.generatedSeconds,
          rate(steps, counts.generatedSeconds), drafts.c_str(),
          session.workers().count(),
          static_cast<unsigned long long>(arguments.sampler.seed));
}

static int generate(Session &session, const Arguments &arguments,
                    const Tokenizer *tokenizer, Drafter *drafter,
                    const std::vector<int32_t> &prompt,
                    const std::string &echo) {
  Utf8Stream characters;
  int64_t printed = 0;
  int writeError = print(echo);
  auto read = [&](int32_t token) {
    std::string text;
    if (arguments.tokens)
      text = (printed ? " " : "") + std::to_string(token);
    else if (!tokenizer->isControl(token))
      text = characters.push(tokenizer->bytes(token));
    ++printed;
    writeError = print(text);
    return writeError == 0;
  };

  Generation generation(
      session, arguments,
      [&](int32_t token) {
        return tokenizer && tokenizer->isEndOfGeneration(token);
      },
      drafter);
  std::string error;
  End end = writeError ? End::Reader : generation.run(prompt, read, error);
  if (end != End::Reader) {
    std::string rest = characters.flush();
    if (printed || !echo.empty() || end == End::Interrupt)
      rest += '\n';
    writeError = print(rest);
  }
  if (arguments.verbose)
    printStatistics(generation, session, arguments, drafter);
  if (!generation.draftFailure().empty())
    fprintf(stderr, "%s: %s\n", programName.c_str(),
            generation.draftFailure().c_str());
  switch (end) {
  case End::Error:
    return fail(error);
  case End::Interrupt:
    return 130;
  case End::Context:
    fprintf(stderr,
            "%s: the context of %d positions is full; --context N makes it "
            "longer\n",
            programName.c_str(), session.context());
    break;
  default:
    break;
  }
  return outputStatus(writeError);
}

/// Sets `drafter` if one is asked for.
static std::string makeDrafter(const Arguments &arguments,
                               const Tokenizer *tokenizer,
                               std::unique_ptr<Drafter> &drafter) {
  if (arguments.lookup)
    drafter = std::make_unique<LookupDrafter>();
  if (!arguments.draft)
    return "";
  auto program = std::make_unique<DraftProgram>(*arguments.draft);
  std::string error =
      program->start(quipu_program, tokenizer, arguments.session);
  drafter = std::move(program);
  return error;
}

int main(int argc, char **argv) {
  std::string_view path = argc > 0 ? argv[0] : "program";
  programName = path.substr(path.rfind('/') + 1);
  // A pipe whose reader has gone is seen by `print`.
  signal(SIGPIPE, SIG_IGN);
  prepareForOutput();

  Arguments arguments;
  std::string error = arguments.parse(argc, argv);
  if (!error.empty())
    return fail(error);
  const abi::Program &program = quipu_program;
  if (arguments.help)
    return printAll(helpText(program, programName));
  if (arguments.version)
    return printAll(versionText(program));

  std::optional<Tokenizer> image;
  if (program.tokenizer)
    image.emplace(program.tokenizer, program.tokenizerBytes);
  const Tokenizer *tokenizer = image ? &*image : nullptr;
  std::vector<int32_t> prompt;
  std::string echo;
  if (arguments.tokens)
    error = readIds(*arguments.tokens, program.vocabulary, prompt);
  else if (!arguments.bench && !arguments.drafter)
    error = readText(arguments, tokenizer, prompt, echo);
  if (!error.empty())
    return fail(error);
  if (prompt.empty() && !arguments.bench && !arguments.drafter)
    return fail("the prompt is empty; the model needs at least one token");

  // Before the session binds this thread to a CPU: children inherit that.
  std::unique_ptr<Drafter> drafter;
  if (error = makeDrafter(arguments, tokenizer, drafter); !error.empty())
    return fail(error);
  std::unique_ptr<Session> session;
  if (Status status = Session::create(program, arguments.session, session);
      !status.ok())
    return fail(status.message);
  if (arguments.drafter) {
    Status status = serveDrafts(*session, tokenizer);
    return status.ok() ? 0 : fail(status.message);
  }
  if (arguments.bench) {
    std::string report;
    BenchmarkOptions options{arguments.prefill, arguments.decode,
                             arguments.depth, arguments.json,
                             arguments.kernels};
    Status status =
        benchmark(*session, arguments.session.cacheType, options, report);
    return status.ok() ? printAll(report) : fail(status.message);
  }
  if (prompt.size() > static_cast<size_t>(session->context()))
    return fail("the prompt has " + std::to_string(prompt.size()) +
                " tokens, more than the context of " +
                std::to_string(session->context()) +
                " positions; --context N makes it longer");
  Generation::catchInterrupts();
  return generate(*session, arguments, tokenizer, drafter.get(), prompt, echo);
}
