//===- Generate.cpp - Continuing a text -----------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/bench/Benchmark.h"
#include "runtime/cli/AnswerPrinter.h"
#include "runtime/cli/Console.h"
#include "runtime/cli/DraftOptions.h"
#include "runtime/cli/GrammarOptions.h"
#include "runtime/cli/Prompt.h"
#include "runtime/cli/RunOptions.h"
#include "runtime/cli/SamplingOptions.h"
#include "runtime/cli/commands/Command.h"
#include "runtime/engine/Clock.h"
#include "runtime/engine/Entries.h"
#include "runtime/generate/Generation.h"
#include "runtime/generate/speculative/DraftServer.h"
#include "runtime/text/Tokenizer.h"
#include "support/OutputFile.h"
#include <climits>

using namespace quipu;

namespace {
/// Options whose default depends on the program or on other options.
struct Numbers {
  std::optional<int64_t> length, prefill, decode, depth, batch;
};

class GenerateCommand : public Command {
public:
  void addOptions(const CommandCall &call,
                  std::vector<Option> &options) override;
  CommandHelp help(const CommandCall &call) const override;
  int run(const CommandCall &call) override;

private:
  std::string check() const;
  int measure(const CommandCall &call, Session &session);
  Status openOutputs(Outputs &outputs, const abi::Entry &entry) const;
  bool answers() const { return source.chat && !logits && !outputs; }
  int answer(const CommandCall &call, Session &session, const Prompt &prompt);
  int generate(const CommandCall &call, Session &session, const Prompt &prompt);
  void printStatistics(Session &session, const Prompt &prompt,
                       double promptSeconds,
                       const Generation &generation) const;

  PromptSource source;
  std::optional<std::string> logits;  // where to write the prompt's
  std::optional<std::string> outputs; // the folder to write all outputs into
  bool echo = false, ignoreEos = false;
  SamplingOptions sampling;
  SamplerOptions sampler; // what they say
  GrammarOptions grammar;
  RunOptions runs;
  DraftOptions drafts;
  bool isDrafter = false;
  bool bench = false, json = false, kernels = false;
  Numbers numbers;
};
} // namespace

std::unique_ptr<Command> quipu::makeGenerate() {
  return std::make_unique<GenerateCommand>();
}

void GenerateCommand::addOptions(const CommandCall &call,
                                 std::vector<Option> &options) {
  const char *input = "What goes in", *output = "What comes out",
             *measuring = "Measuring, with --bench";
  source.addTo(options);
  options.insert(
      options.end(),
      {{input, 0, "chat", "", Switch{&source.chat},
        "Wrap the prompt as a user's message, as the model's chat template "
        "says, so that the model answers it."},
       {input, 0, "system", "TEXT", Text{&source.system},
        "The system message of a chat (default: the template's)."},

       {output, 'n', "length", "N", Integer{&numbers.length, -1, INT_MAX},
        "Generate at most N tokens; -1: until the model ends its text or the "
        "context is full (default: -1; with --logits and --outputs 0)."},
       {output, 0, "echo", "", Switch{&echo},
        "Print the prompt before its continuation."},
       {output, 0, "ignore-eos", "", Switch{&ignoreEos},
        "Go on when the model says that its text ends."},
       {output, 0, "logits", "FILE", Text{&logits},
        "Write the logits of all positions of the prompt to FILE: .npy, f32, "
        "[positions, vocabulary]."},
       outputsOption(outputs)});
  grammar.addTo(options);
  sampling.addTo(options, call.program);
  runs.addTo(options, call.program);
  drafts.addTo(options);
  options.insert(
      options.end(),
      {{DraftOptions::heading, 0, "drafter", "", Switch{&isDrafter},
        "Be what --draft starts: read texts from standard input and write "
        "guesses to standard output."},

       {measuring, 0, "bench", "", Switch{&bench},
        "Generate nothing, and measure tokens per second, the share of the "
        "memory's bandwidth and the time of each kernel beside its "
        "prediction."},
       {measuring, 0, "json", "", Switch{&json},
        "Print the measurements as JSON."},
       {measuring, 0, "kernels", "", Switch{&kernels},
        "Measure the kernels only, which takes less time."},
       {measuring, 0, "prefill", "N", Integer{&numbers.prefill, 1, INT_MAX},
        "Length of the prompt (default: 512)."},
       {measuring, 0, "decode", "N", Integer{&numbers.decode, 1, INT_MAX},
        "Tokens generated (default: 128)."},
       {measuring, 0, "depth", "N", Integer{&numbers.depth, 0, INT_MAX},
        "Tokens of context that generating starts from (default: 0)."},
       {measuring, 0, "batch", "N",
        Integer{&numbers.batch, 1, Session::maxSequences},
        "Sequences that generate side by side (default: 1)."}});
}

CommandHelp GenerateCommand::help(const CommandCall & /*call*/) const {
  return {
      .words = "\"prompt\"",
      .text = "Prints the continuation of the prompt.",
      .examples = {"\"Once upon a time\" -n 64",
                   "--chat \"Name three rivers in France.\"",
                   "--chat --temperature 0.8 --top-p 0.9 \"Tell me a story.\"",
                   "--chat --json-schema person.json \"Describe a scientist.\"",
                   "--tokens \"1 2 3\" --logits logits.npy", "--bench --json"}};
}

/// What excludes each other, or nothing.
std::string GenerateCommand::check() const {
  const PromptSource &given = source;
  if (given.tokens && (given.chat || echo || given.special))
    return "'--tokens' takes neither '--chat' nor '--echo' nor '--special'";
  if (given.system && !given.chat)
    return "'--system' needs '--chat'";
  if (given.chat && echo)
    return "'--chat' takes no '--echo'";
  if (!bench && (json || kernels || numbers.prefill || numbers.decode ||
                 numbers.depth || numbers.batch))
    return "'--json', '--kernels', '--prefill', '--decode', '--depth' and "
           "'--batch' need '--bench'";
  if (logits && outputs)
    return "'--logits' and '--outputs' exclude each other";
  if (grammar.isGiven() && ignoreEos)
    return "'--ignore-eos' takes neither '--grammar' nor '--json-schema', "
           "which say where a text ends";
  bool takesPrompt = given.text || given.tokens || logits || outputs ||
                     given.chat || grammar.isGiven();
  if (bench && takesPrompt)
    return "'--bench' takes no prompt and writes no logits";
  if (isDrafter && (takesPrompt || bench || drafts.given()))
    return "'--drafter' takes no prompt and does nothing else";
  if (!drafts.program() || !logits)
    return "";
  RunFiles files;
  files.addInput(*drafts.program(), "the draft program");
  return files.addOutput(*logits, "the file of logits");
}

int GenerateCommand::measure(const CommandCall &call, Session &session) {
  BenchmarkOptions options{
      .entry = call.entry, .json = json, .kernels = kernels};
  auto set = [](int32_t &to, const std::optional<int64_t> &given) {
    to = static_cast<int32_t>(given.value_or(to));
  };
  set(options.prefill, numbers.prefill);
  set(options.decode, numbers.decode);
  set(options.depth, numbers.depth);
  set(options.batch, numbers.batch);
  std::string report;
  Status status = benchmark(session, options, report);
  return status.ok() ? outputStatus(print(report)) : fail(status.message);
}

Status GenerateCommand::openOutputs(Outputs &files,
                                    const abi::Entry &entry) const {
  if (outputs)
    return files.writeAll(*outputs);
  return logits ? files.write(findOutput(entry, "logits"), *logits) : Status{};
}

void GenerateCommand::printStatistics(Session &session, const Prompt &prompt,
                                      double promptSeconds,
                                      const Generation &generation) const {
  const GenerationStatistics &counts = generation.statistics();
  // The first token comes with the prompt's logits.
  int64_t steps = counts.generated > 0 ? counts.generated - 1 : 0;
  std::string text = "prompt " + std::to_string(prompt.count()) + " tokens " +
                     tokenRate(prompt.count(), promptSeconds) + ", generated " +
                     std::to_string(counts.generated) + " " +
                     tokenRate(steps, counts.seconds);
  if (drafts.given())
    text += ", accepted " + std::to_string(counts.accepted) + " of " +
            std::to_string(counts.drafted) + " drafted tokens";
  fprintf(stderr, "%s: %s, %s, seed %llu\n", programName.c_str(), text.c_str(),
          session.engine().describe().c_str(),
          static_cast<unsigned long long>(sampler.seed));
}

int GenerateCommand::answer(const CommandCall &call, Session &session,
                            const Prompt &prompt) {
  ChatTemplate form;
  if (std::string error = form.load(*call.tokenizer); !error.empty())
    return fail(error);
  ChatSession chat(session, *call.tokenizer, form, drafts.drafter(),
                   {.entry = call.entry,
                    .sampler = sampler,
                    .maxTokens = numbers.length.value_or(-1),
                    .parseSpecial = source.special,
                    .endsAnswers = !ignoreEos,
                    .constraint = grammar.constraint()});
  if (source.system)
    chat.messages().setSystem(*source.system);
  return AnswerPrinter(chat, session, runs.verbose()).answerOnce(prompt.text);
}

int GenerateCommand::generate(const CommandCall &call, Session &session,
                              const Prompt &prompt) {
  const Tokenizer *tokenizer = call.tokenizer;
  std::string echoed = echo ? prompt.text : "";
  Utf8Stream characters;
  int64_t printed = 0;
  int writeError = print(echoed);
  auto read = [&](int32_t token) {
    std::string text;
    if (source.tokens)
      text = (printed ? " " : "") + std::to_string(token);
    else if (!tokenizer->isControl(token))
      text = characters.push(tokenizer->bytes(token));
    ++printed;
    writeError = print(text);
    return writeError == 0 && !interrupted();
  };
  GenerationOptions options = {
      .entry = call.entry,
      .sampler = sampler,
      .maxTokens = numbers.length.value_or(logits || outputs ? 0 : -1),
      .endsText = {},
      .constraint = grammar.constraint()};
  if (!ignoreEos)
    options.endsText = [&](int32_t token) {
      return isEnd(call.program, token) ||
             (tokenizer && tokenizer->isEndOfGeneration(token));
    };

  double start = now();
  const abi::Entry &entry = call.program.entries[call.entry];
  Outputs rows(entry, prompt.count());
  Status status = openOutputs(rows, entry);
  if (status.ok())
    status = readPrompt(session, call.entry, prompt, rows);
  if (!status.ok())
    return fail(status.message);
  Generation generation(session, std::move(options), drafts.drafter());
  std::string error;
  End end = End::Reader;
  double promptSeconds = now() - start;
  if (!writeError && !interrupted()) {
    generation.start(prompt.ids);
    promptSeconds = now() - start;
    end = generation.run(rows.lastLogits().data(), read, error);
  }
  if (!writeError) {
    std::string rest = characters.flush();
    if (printed || !echoed.empty() || interrupted())
      rest += '\n';
    writeError = print(rest);
  }
  if (runs.verbose())
    printStatistics(session, prompt, promptSeconds, generation);
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

int GenerateCommand::run(const CommandCall &call) {
  std::string error = source.takeWords(call);
  if (error.empty())
    error = check();
  Prompt prompt;
  if (error.empty() && !bench && !isDrafter)
    error = makePrompt(source, call.program.entries[call.entry], call.tokenizer,
                       prompt);
  if (error.empty())
    error = grammar.start(call.program, call.entry, call.tokenizer);
  sampler = sampling.get(call.program, source.chat);
  if (error.empty())
    error = drafts.start(call.program, call.entry, call.tokenizer, runs);
  std::unique_ptr<Session> session;
  if (error.empty())
    error = runs.start(
        call.program, static_cast<int32_t>(numbers.batch.value_or(1)), session);
  if (!error.empty())
    return fail(error);
  if (isDrafter) {
    Status status = serveDrafts(*session, call.entry, call.tokenizer);
    return status.ok() ? 0 : fail(status.message);
  }
  if (bench)
    return measure(call, *session);
  if (answers())
    return answer(call, *session, prompt);
  catchInterrupts();
  return generate(call, *session, prompt);
}
