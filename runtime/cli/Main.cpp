//===- Main.cpp - The main function of compiled programs ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/bench/Benchmark.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/Outputs.h"
#include "runtime/cli/Prompt.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/Generation.h"
#include "runtime/generate/speculative/DraftProgram.h"
#include "runtime/generate/speculative/DraftServer.h"
#include "runtime/generate/speculative/LookupDrafter.h"
#include "runtime/text/Tokenizer.h"
#include "support/OutputFile.h"
#include "support/TemporaryFiles.h"
#include <csignal>
#include <unistd.h>

using namespace quipu;

namespace {
/// A bar on a terminal's standard error, for work of more than a second.
class Progress {
public:
  explicit Progress(const char *work) : work(work) {}
  ~Progress() { clear(); }

  void clear() {
    if (shown)
      fputs("\r\033[K", stderr);
    shown = false;
  }

  /// So much is done, in any unit.
  void update(uint64_t done, uint64_t total) {
    double seconds = now() - start;
    if (!terminal || seconds < 1 || seconds - last < 0.1)
      return;
    last = seconds;
    shown = true;
    constexpr int width = 30;
    int filled = static_cast<int>(width * done / total);
    fprintf(stderr, "\r%s [%.*s%*s] %llu/%llu", work, filled,
            "##############################", width - filled, "",
            static_cast<unsigned long long>(done),
            static_cast<unsigned long long>(total));
  }

private:
  const char *work;
  bool terminal = isatty(STDERR_FILENO);
  bool shown = false;
  double start = now(), last = 0;
};

/// Shows, and with --verbose tells, how weights come to a GPU.
class Loading {
public:
  explicit Loading(bool verbose) : verbose(verbose) {}

  /// So many bytes are there, from 0 to all.
  void update(uint64_t done, uint64_t total) {
    if (done == 0)
      start = now();
    progress.update(done, total);
    if (done < total)
      return;
    progress.clear();
    double gigabytes = static_cast<double>(total) / 1e9;
    double seconds = now() - start;
    if (verbose)
      fprintf(stderr, "%s: loaded %.2f GB of weights in %.2f s (%.1f GB/s)\n",
              programName.c_str(), gigabytes, seconds, gigabytes / seconds);
  }

private:
  bool verbose;
  Progress progress{"loading the weights"};
  double start = 0;
};
} // namespace

/// Runs the prompt and writes what is asked for of its outputs.
static Status readPrompt(Session &session, const Arguments &arguments,
                         const Prompt &prompt, Outputs &outputs) {
  const abi::Entry &entry = session.program().entries[arguments.entry];
  Status status;
  if (arguments.outputs)
    status = outputs.writeAll(*arguments.outputs);
  else if (arguments.logits)
    status = outputs.write(findOutput(entry, "logits"), *arguments.logits);
  else if (!getLogits(entry))
    status = outputs.printOnly();
  if (!status.ok())
    return status;

  auto count = static_cast<int32_t>(prompt.ids.size());
  Progress progress("reading the prompt");
  status = session.step(
      {.tokens = prompt.ids.data(),
       .count = count,
       .selectedCount = outputs.selectedCount(),
       .entry = arguments.entry},
      [&](int32_t output, int32_t row, const float *numbers) {
        return outputs.take(output, row, numbers);
      },
      [&](int32_t done) {
        progress.update(done, count);
        return !interrupted();
      });
  return status.ok() && !interrupted() ? outputs.finish() : status;
}

static std::string rate(int64_t count, double seconds) {
  char text[64];
  snprintf(text, sizeof(text), "in %.2f s (%.1f tokens/s), ", seconds,
           seconds > 0 ? static_cast<double>(count) / seconds : 0);
  return text;
}

/// `generation` is null where no text is continued.
static void printStatistics(Session &session, const Arguments &arguments,
                            int64_t promptTokens, double promptSeconds,
                            const Generation *generation) {
  std::string text = "prompt " + std::to_string(promptTokens) + " tokens " +
                     rate(promptTokens, promptSeconds),
              seed;
  if (generation) {
    const GenerationStatistics &counts = generation->statistics();
    // The first token comes with the prompt's logits.
    int64_t steps = counts.generated > 0 ? counts.generated - 1 : 0;
    text += "generated " + std::to_string(counts.generated) + " " +
            rate(steps, counts.seconds);
    if (arguments.lookup || arguments.draft)
      text += "accepted " + std::to_string(counts.accepted) + " of " +
              std::to_string(counts.drafted) + " drafted tokens, ";
    seed = ", seed " + std::to_string(arguments.sampler.seed);
  }
  fprintf(stderr, "%s: %s%s%s\n", programName.c_str(), text.c_str(),
          session.engine().describe().c_str(), seed.c_str());
}

/// Prints the numbers that an entry makes of the prompt, or writes them.
static int compute(Session &session, const Arguments &arguments,
                   const Prompt &prompt) {
  Outputs outputs(session.program().entries[arguments.entry],
                  static_cast<int32_t>(prompt.ids.size()));
  double start = now();
  Status status = readPrompt(session, arguments, prompt, outputs);
  if (!status.ok())
    return fail(status.message);
  if (arguments.verbose)
    printStatistics(session, arguments, static_cast<int64_t>(prompt.ids.size()),
                    now() - start, nullptr);
  return interrupted() ? 130 : 0;
}

static int generate(Session &session, const Arguments &arguments,
                    const Tokenizer *tokenizer, Drafter *drafter,
                    const Prompt &prompt) {
  Utf8Stream characters;
  int64_t printed = 0;
  int writeError = print(prompt.echo);
  auto read = [&](int32_t token) {
    std::string text;
    if (arguments.tokens)
      text = (printed ? " " : "") + std::to_string(token);
    else if (!tokenizer->isControl(token))
      text = characters.push(tokenizer->bytes(token));
    ++printed;
    writeError = print(text);
    return writeError == 0 && !interrupted();
  };
  GenerationOptions options = {.entry = arguments.entry,
                               .sampler = arguments.sampler,
                               .maxTokens = arguments.length,
                               .endsText = {}};
  if (!arguments.ignoreEos)
    options.endsText = [&](int32_t token) {
      return isEnd(quipu_program, token) ||
             (tokenizer && tokenizer->isEndOfGeneration(token));
    };

  double start = now();
  Outputs outputs(session.program().entries[arguments.entry],
                  static_cast<int32_t>(prompt.ids.size()));
  Status status = readPrompt(session, arguments, prompt, outputs);
  if (!status.ok())
    return fail(status.message);
  Generation generation(session, std::move(options), drafter);
  std::string error;
  End end = End::Reader;
  double promptSeconds = now() - start;
  if (!writeError && !interrupted()) {
    generation.start(prompt.ids);
    promptSeconds = now() - start;
    end = generation.run(outputs.lastLogits().data(), read, error);
  }
  if (!writeError) {
    std::string rest = characters.flush();
    if (printed || !prompt.echo.empty() || interrupted())
      rest += '\n';
    writeError = print(rest);
  }
  if (arguments.verbose)
    printStatistics(session, arguments, static_cast<int64_t>(prompt.ids.size()),
                    promptSeconds, &generation);
  if (!generation.draftFailure().empty())
    fprintf(stderr, "%s: %s\n", programName.c_str(),
            generation.draftFailure().c_str());
  if (end == End::Error)
    return fail(error);
  if (end == End::Context)
    fprintf(stderr,
            "%s: the context of %d positions is full; --context N makes it "
            "longer\n",
            programName.c_str(), session.context());
  return interrupted() ? 130 : outputStatus(writeError);
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
      program->start(quipu_program, quipu_program.entries[arguments.entry],
                     tokenizer, arguments.session);
  drafter = std::move(program);
  return error;
}

int main(int argc, char **argv) {
  std::string_view path = argc > 0 ? argv[0] : "program";
  programName = path.substr(path.rfind('/') + 1);
  // A pipe whose reader has gone is seen by `print`.
  signal(SIGPIPE, SIG_IGN);
  prepareForOutput();
  static const std::string lostFile =
      programName + ": error: this program's file is cut off; copy it again\n";
  endOnLostFiles(lostFile.c_str());

  Arguments arguments;
  std::string error = arguments.parse(argc, argv, quipu_program);
  if (!error.empty())
    return fail(error);
  const abi::Program &program = quipu_program;
  if (arguments.help)
    return outputStatus(print(helpText(program, arguments.entry, programName)));
  if (arguments.version)
    return outputStatus(print(versionText(program)));

  std::optional<Tokenizer> image;
  if (program.tokenizer)
    image.emplace(program.tokenizer, program.tokenizerBytes);
  const Tokenizer *tokenizer = image ? &*image : nullptr;
  const abi::Entry &entry = program.entries[arguments.entry];
  Prompt prompt;
  if (!arguments.bench && !arguments.drafter)
    if (error = makePrompt(arguments, entry, tokenizer, prompt); !error.empty())
      return fail(error);

  // Before the session binds this thread to a CPU: children inherit that.
  std::unique_ptr<Drafter> drafter;
  if (error = makeDrafter(arguments, tokenizer, drafter); !error.empty())
    return fail(error);
  std::unique_ptr<Session> session;
  Loading loading(arguments.verbose);
  arguments.session.engine.loading = [&](uint64_t done, uint64_t total) {
    loading.update(done, total);
  };
  if (Status status = Session::create(program, arguments.session, session);
      !status.ok())
    return fail(status.message);
  if (arguments.drafter) {
    Status status = serveDrafts(*session, arguments.entry, tokenizer);
    return status.ok() ? 0 : fail(status.message);
  }
  if (arguments.bench) {
    std::string report;
    BenchmarkOptions options{
        arguments.entry, arguments.prefill, arguments.decode, arguments.depth,
        arguments.batch, arguments.json,    arguments.kernels};
    Status status = benchmark(*session, options, report);
    return status.ok() ? outputStatus(print(report)) : fail(status.message);
  }
  if (prompt.ids.size() > static_cast<size_t>(session->context()))
    return fail("the prompt has " + std::to_string(prompt.ids.size()) +
                " tokens, more than the context of " +
                std::to_string(session->context()) +
                " positions; --context N makes it longer");
  catchInterrupts();
  return getLogits(entry)
             ? generate(*session, arguments, tokenizer, drafter.get(), prompt)
             : compute(*session, arguments, prompt);
}
