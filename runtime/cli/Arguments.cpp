//===- Arguments.cpp - What a program is asked to do ----------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/Arguments.h"
#include "runtime/engine/Entries.h"
#include "runtime/engine/Variant.h"
#include "support/CommandLine.h"
#include "support/OutputFile.h"
#include <climits>
#include <sys/random.h>

using namespace quipu;

namespace {
/// Numbers whose default depends on the program or on other options.
struct Numbers {
  std::optional<int64_t> length, seed, topK, threads, device, context, chunk,
      prefill, decode, depth, batch;
};
} // namespace

/// "(default: 0.6)".
static std::string byDefault(float value) {
  char text[32];
  snprintf(text, sizeof(text), " (default: %g).", value);
  return text;
}

static CommandLine commandLine(const abi::Program &program, Arguments &to,
                               Numbers &numbers, int32_t &cacheType) {
  const char *input = "What goes in", *output = "What comes out",
             *choice = "How the next token is chosen", *run = "How it runs",
             *draft = "Guessing ahead, which changes the speed and never the "
                      "text",
             *measure = "Measuring", *about = "About this program";
  const abi::Sampling &sampling = program.sampling;
  to.sampler = {.temperature = sampling.temperature,
                .topK = sampling.topK,
                .topP = sampling.topP,
                .minP = sampling.minP,
                .repeatPenalty = sampling.repeatPenalty};
  Option machine = {
      run,
      't',
      "threads",
      "N",
      Integer{&numbers.threads, 1, Session::maxThreads},
      "Run on N threads (default: one for each core). The output does not "
      "depend on it."};
  if (program.createEngine)
    machine = {run,
               0,
               "device",
               "N",
               Integer{&numbers.device, 0, INT_MAX},
               "Run on GPU number N (default: 0)."};
  return CommandLine({
      {input, 0, "tokens", "\"ID ...\"", Text{&to.tokens},
       "Take token ids instead of a text, and print ids: one line, separated "
       "by blanks. No tokenizer is used."},
      {input, 0, "chat", "", Switch{&to.chat},
       "Wrap the prompt as a user's message, as the model's chat template "
       "says, so that the model answers it.",
       true},
      {input, 0, "system", "TEXT", Text{&to.system},
       "The system message of a chat (default: the template's).", true},
      {input, 0, "special", "", Switch{&to.special},
       "Take control tokens that are written out in the prompt, as "
       "<|im_start|>, as such, and not as text. For prompts that you wrote."},

      {output, 'n', "length", "N", Integer{&numbers.length, -1, INT_MAX},
       "Generate at most N tokens; -1: until the model ends its text or the "
       "context is full (default: -1; with --logits and --outputs 0).",
       true},
      {output, 0, "echo", "", Switch{&to.echo},
       "Print the prompt before its continuation.", true},
      {output, 0, "ignore-eos", "", Switch{&to.ignoreEos},
       "Go on when the model says that its text ends.", true},
      {output, 0, "logits", "FILE", Text{&to.logits},
       "Write the logits of all positions of the prompt to FILE: .npy, f32, "
       "[positions, vocabulary].",
       true},
      {output, 0, "outputs", "DIR", Text{&to.outputs},
       "Write each output for the prompt to DIR/NAME.npy, f32: a row for each "
       "token, or one for the text."},
      {output, 'v', "verbose", "", Switch{&to.verbose},
       "Print a line of statistics to standard error at the end."},

      {choice, 0, "temperature", "T", Real{&to.sampler.temperature, 0, 100},
       "0 takes the most probable token, always; above, draw: the higher, the "
       "more varied" +
           byDefault(sampling.temperature),
       true},
      {choice, 0, "top-k", "N", Integer{&numbers.topK, 0, INT_MAX},
       "Draw among the N most probable; 0: all (default: " +
           std::to_string(sampling.topK) + ").",
       true},
      {choice, 0, "top-p", "P", Real{&to.sampler.topP, 0, 1},
       "Draw among the most probable that sum to P" + byDefault(sampling.topP),
       true},
      {choice, 0, "min-p", "P", Real{&to.sampler.minP, 0, 1},
       "Draw among those at least P times as probable as the first" +
           byDefault(sampling.minP),
       true},
      {choice, 0, "repeat-penalty", "R",
       Real{&to.sampler.repeatPenalty, 0.01f, 100},
       "Make the last 64 tokens less probable; 1: do not" +
           (sampling.repeatPenalty != 1
                ? byDefault(sampling.repeatPenalty)
                : " (default: 1, with --chat 1.1, so that answers end)."),
       true},
      {choice, 0, "seed", "N", Integer{&numbers.seed, 0, INT64_MAX},
       "The same seed draws the same text (default: another one each time; "
       "--verbose prints it).",
       true},

      machine,
      {run, 'c', "context", "N", Integer{&numbers.context, 1, abi::maxContext},
       "Positions for prompt and continuation together "
       "(default: the model's)."},
      {run, 0, "cache-type", "TYPE", Choice{&cacheType, {"f16", "f32", "q8_0"}},
       "How keys and values are kept: f16; f32, which is exact and twice as "
       "large; or q8_0, blocks of 8-bit numbers, about half as large (default: "
       "f16)."},
      {run, 0, "chunk", "N", Integer{&numbers.chunk, 1, INT_MAX},
       "Read the prompt in chunks of at most N tokens (default: the program's "
       "largest). The output does not depend on it: this is to test that."},

      {draft, 0, "lookup", "", Switch{&to.lookup},
       "Guess that the text goes on as it did after the same tokens before: "
       "faster where texts repeat or quote.",
       true},
      {draft, 0, "draft", "FILE", Text{&to.draft},
       "Guess what FILE would write: a program like this one, of a smaller "
       "model with the same tokens.",
       true},
      {draft, 0, "drafter", "", Switch{&to.drafter},
       "Be what --draft starts: read texts from standard input and write "
       "guesses to standard output.",
       true},

      {measure, 0, "bench", "", Switch{&to.bench},
       "Measure tokens per second, the share of the memory's bandwidth and the "
       "time of each kernel beside its prediction, and generate nothing.",
       true},
      {measure, 0, "json", "", Switch{&to.json},
       "Print the measurements as JSON.", true},
      {measure, 0, "kernels", "", Switch{&to.kernels},
       "Measure the kernels only, which takes less time.", true},
      {measure, 0, "prefill", "N", Integer{&numbers.prefill, 1, INT_MAX},
       "Length of the prompt (default: 512).", true},
      {measure, 0, "decode", "N", Integer{&numbers.decode, 1, INT_MAX},
       "Tokens generated (default: 128).", true},
      {measure, 0, "depth", "N", Integer{&numbers.depth, 0, INT_MAX},
       "Tokens of context that generating starts from (default: 0).", true},
      {measure, 0, "batch", "N",
       Integer{&numbers.batch, 1, Session::maxSequences},
       "Sequences that generate side by side (default: 1).", true},

      {about, 'h', "help", "", Switch{&to.help}, "Print this."},
      {about, 0, "version", "", Switch{&to.version},
       "Print what this program is made of."},
  });
}

/// Two options that exclude each other, or nothing.
static std::string conflict(const Arguments &to, const Numbers &numbers) {
  if (to.tokens && to.prompt)
    return "'--tokens' and a prompt exclude each other";
  if (to.tokens && (to.chat || to.echo || to.special))
    return "'--tokens' takes neither '--chat' nor '--echo' nor '--special'";
  if (to.system && !to.chat)
    return "'--system' needs '--chat'";
  if (to.chat && to.echo)
    return "'--chat' takes no '--echo'";
  if (!to.bench && (to.json || to.kernels || numbers.prefill ||
                    numbers.decode || numbers.depth || numbers.batch))
    return "'--json', '--kernels', '--prefill', '--decode', '--depth' and "
           "'--batch' need '--bench'";
  if (to.logits && to.outputs)
    return "'--logits' and '--outputs' exclude each other";
  if (to.bench &&
      (to.prompt || to.tokens || to.logits || to.outputs || to.chat))
    return "'--bench' takes no prompt and writes no logits";
  if (to.lookup && to.draft)
    return "'--lookup' and '--draft' exclude each other";
  if (to.drafter && (to.prompt || to.tokens || to.logits || to.outputs ||
                     to.chat || to.bench || to.lookup || to.draft))
    return "'--drafter' takes no prompt and does nothing else";
  return "";
}

/// Sets the entry and the prompt from the words that are no options.
static std::string takeWords(const CommandLine &line,
                             const abi::Program &program, Arguments &to) {
  std::span<const std::string> words = line.positional();
  bool isNamed = false;
  if (line.positionalBeforeDashes() > 0)
    if (int32_t entry = findEntry(program, words[0]); entry >= 0) {
      to.entry = entry;
      words = words.subspan(1);
      isNamed = true;
    }
  if (!words.empty())
    to.prompt = words[0];
  if (words.size() > 1)
    return "unexpected '" + words[1] +
           "' after the prompt; put a prompt of several words into quotes" +
           (isNamed ? ""
                    : ", or begin with an entry of this program: " +
                          entryNames(program));
  return "";
}

std::string Arguments::parse(int argc, const char *const *argv,
                             const abi::Program &program) {
  Numbers numbers;
  int32_t cacheType = 0;
  CommandLine line = commandLine(program, *this, numbers, cacheType);
  sampler.repeatPenalty = 0; // not given
  std::string error = line.parse(argc, argv);
  if (error.empty())
    error = takeWords(line, program, *this);
  if (!error.empty() || help || version)
    return error;
  const abi::Entry &chosen = program.entries[entry];
  if (!getLogits(chosen) && !line.firstContinuing().empty())
    return "'--" + std::string(line.firstContinuing()) +
           "' does nothing for '" + chosen.name + "', which continues no text";
  error = conflict(*this, numbers);
  if (error.empty() && draft && logits) {
    RunFiles files;
    files.addInput(*draft, "the draft program");
    error = files.addOutput(*logits, "the file of logits");
  }
  if (!error.empty())
    return error;

  auto or32 = [](const std::optional<int64_t> &value, int32_t otherwise) {
    return static_cast<int32_t>(value.value_or(otherwise));
  };
  length = numbers.length.value_or(logits || outputs ? 0 : -1);
  sampler.topK = or32(numbers.topK, sampler.topK);
  if (sampler.repeatPenalty == 0) {
    float usual = program.sampling.repeatPenalty;
    sampler.repeatPenalty = usual == 1 && chat ? 1.1f : usual;
  }
  if (numbers.seed)
    sampler.seed = *numbers.seed;
  else if (getrandom(&sampler.seed, sizeof(sampler.seed), GRND_NONBLOCK) < 0)
    sampler.seed = 0;
  sampler.seed &= INT64_MAX; // what --seed takes
  session.engine.threads = or32(numbers.threads, 0);
  session.context = or32(numbers.context, 0);
  session.chunk = or32(numbers.chunk, 0);
  session.cacheType = static_cast<abi::CacheType>(cacheType);
  session.engine.pin = true;
  session.engine.device = or32(numbers.device, 0);
  prefill = or32(numbers.prefill, prefill);
  decode = or32(numbers.decode, decode);
  depth = or32(numbers.depth, depth);
  session.sequences = batch = or32(numbers.batch, batch);
  return "";
}

/// A sentence about what it prints, or can write.
static std::string describe(const abi::Entry &entry) {
  std::string text;
  for (const abi::Tensor &output : getOutputs(entry))
    text +=
        (text.empty() ? "" : ", ") + std::string(output.name) + ": " +
        std::to_string(output.width) + " numbers for " +
        (output.domain == abi::Domain::Sequence ? "the text" : "each token");
  return (getLogits(entry) ? "Continues the prompt; " : "Prints ") + text + ".";
}

static std::string entryHelp(const abi::Program &program) {
  std::string text = "\nEntries, chosen by the first word (default: " +
                     std::string(program.entries[0].name) + "):\n";
  for (const abi::Entry &entry : getEntries(program))
    appendWords(text, std::string("  ") + entry.name, 16, describe(entry));
  appendWords(text, "  -- \"prompt\"", 16,
              "A prompt that is one of these words.");
  return text;
}

static std::string examples(const abi::Entry &entry, const std::string &start) {
  if (!getLogits(entry))
    return start + "\"Once upon a time\"" + start +
           "--tokens \"1 2 3\" --outputs outputs";
  return start + "\"Once upon a time\" -n 64" + start +
         "--chat \"Name three rivers in France.\"" + start +
         "--chat --temperature 0.8 --top-p 0.9 \"Tell me a story.\"" + start +
         "--tokens \"1 2 3\" --logits logits.npy" + start + "--bench --json";
}

std::string quipu::helpText(const abi::Program &program, int32_t entry,
                            const std::string &name) {
  Arguments unused;
  Numbers numbers;
  int32_t cacheType;
  const abi::Entry &chosen = program.entries[entry];
  std::string call = name + (entry ? std::string(" ") + chosen.name : "") + " ";
  bool names = program.entryCount > 1 && !entry;
  return "usage: " + call + "[options] \"prompt\"\n       " + call +
         "[options] < prompt.txt\n" +
         (names ? "       " + name + " ENTRY [options] \"prompt\"\n       " +
                      name + " ENTRY --help\n"
                : "") +
         "\n" + program.name + " (" + program.architecture +
         ") with its code and weights, made by " + "quipu.\n" +
         (getLogits(chosen) ? "It prints the continuation of the prompt."
                            : describe(chosen) + "\nEach row is a line.") +
         "\n\nexamples:" + examples(chosen, "\n  " + call) + "\n" +
         (program.entryCount > 1 ? entryHelp(program) : "") +
         commandLine(program, unused, numbers, cacheType)
             .help(getLogits(chosen)) +
         "\nExit status: 0; 1 after an error, told in one sentence; "
         "130 after Ctrl-C.\n";
}

static std::string describe(const abi::Program &program,
                            const abi::State &state) {
  int32_t window = program.pools[state.pool].window;
  return std::string(state.name) + ", " + std::to_string(state.layers) +
         " layers of " + std::to_string(state.heads) + " heads, keys of " +
         std::to_string(state.keyDim) + " and values of " +
         std::to_string(state.valueDim) + " numbers" +
         (state.valuesInKeys ? ", the first of the keys'" : "") +
         (window ? ", window of " + std::to_string(window) + " positions" : "");
}

std::string quipu::versionText(const abi::Program &program) {
  auto megabytes = [](uint64_t bytes) {
    char text[32];
    snprintf(text, sizeof(text), "%.1f MB", static_cast<double>(bytes) / 1e6);
    return std::string(text);
  };
  std::string target = variantNames(program), error, states;
  const abi::Variant *variant = program.variants;
  if (program.variantCount > 1) {
    variant = chooseVariant(program, error);
    target += std::string("\nhere runs:    ") +
              (variant ? variant->target : "none of them");
  }
  if (variant)
    target += std::string("\nfeatures:     ") + variant->features;
  int64_t cached = 0; // numbers of a token
  for (int32_t i = 0; i < program.poolCount; ++i)
    cached += program.pools[i].numbers;
  for (int32_t i = 0; i < program.stateCount; ++i)
    states += "state:        " + describe(program, program.states[i]) + "\n";
  return std::string("model:        ") + program.name +
         "\narchitecture: " + program.architecture +
         "\nentries:      " + entryNames(program) +
         "\ntarget:       " + target + "\nformats:      " + program.formats +
         "\nweights:      " + megabytes(program.weightBytes) +
         (program.weights ? ""
                          : ", random, from the seed " +
                                std::to_string(program.randomSeed)) +
         "\ncontext:      " + std::to_string(program.context) + "\n" + states +
         "cache:        " +
         std::to_string(abi::getPageBytes(abi::CacheType::F16, cached) /
                        abi::pagePositions) +
         " bytes a token, in f16\ncompiler:     " + program.compiler + "\n";
}
