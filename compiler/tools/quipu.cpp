//===- quipu.cpp - The compiler's command line ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "abi/Abi.h"
#include "compiler/frontend/huggingface/FolderNames.h"
#include "compiler/link/LinkProgram.h"
#include "compiler/tools/Build.h"
#include "compiler/tools/CheckGrammar.h"
#include "compiler/tools/Diagnostics.h"
#include "compiler/tools/Files.h"
#include "compiler/tools/Help.h"
#include "compiler/tools/Index.h"
#ifdef QUIPU_PORTABLE
#include "compiler/tools/PortableLinker.h"
#endif
#include "compiler/tools/Render.h"
#include "compiler/tools/Tokenize.h"
#include "compiler/tools/Tune.h"
#include "support/CommandLine.h"
#include "support/OutputFile.h"
#include "support/TemporaryFiles.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/InitLLVM.h"
#include <unistd.h>

using namespace llvm;
using namespace quipu;

static constexpr char usage[] = R"(usage: quipu build MODEL -o OUT [options]
       quipu tune MODEL -o FILE [options]
       quipu index FOLDER --with PROGRAM -o FILE
       quipu render TEMPLATE --messages FILE [options]
       quipu tokenize TOKENIZER < text
       quipu check-grammar FILE [options] < text
       quipu COMMAND --help

Compiles a language model, ahead of time, into one program that holds its code
and its weights and needs nothing else.

examples:
  quipu build smollm2.gguf -o smol     # make the program
  ./smol "Once upon a time"            # and run it
  quipu build smollm2.gguf --head generate,embed -o smol
  ./smol embed "Once upon a time"      # a program with two entries

Commands:
  build                   Make a program of a model; its help has all options,
                          and the stages between.
  tune                    Find the schedules that are fastest on this machine.
  index                   Make an index of documents, to search and to ask.
  render                  Try a chat template.
  tokenize                Try a tokenizer, without a model.
  check-grammar           Try a grammar or a JSON Schema.
)";

static constexpr char buildUsage[] =
    R"(usage: quipu build MODEL -o OUT [options]

Makes a program of MODEL, a GGUF file or a Hugging Face folder (config.json and
safetensors files): sizes, weights and tokenizer come from there, the
computation from the spec of the model's family.

examples:
  quipu build smollm2.gguf -o smol
  quipu build SmolLM2-135M -o smol                        # a folder
  quipu build SmolLM2-135M --quantize q4_k_m -o smol      # in fewer bits
  quipu build SmolLM2-135M --lora my-adapter=0.5 -o smol  # and with an adapter
  quipu build smollm2.gguf --lib -o libsmol.so
  quipu build smollm2.gguf --head generate,embed -o smol  # ./smol embed "text"
  quipu build smollm2.gguf --target x86-64-v3 -o smol     # for other machines
  quipu build smollm2.gguf --target sm_90a -o smol        # for a GPU
  quipu build smollm2.gguf --emit fused                   # read a stage
  quipu build smollm2.gguf --dump-stages s -o smol        # write all of them,
  quipu build smollm2.gguf --dump-stages s --from fused -o smol
                                       # edit s/2-fused.mlir, go on from there
)";

static constexpr char tuneUsage[] = R"(usage: quipu tune MODEL -o FILE [options]

Measures on this machine in which of several ways each kernel of MODEL runs
fastest, and writes the winners to FILE: how many tokens and tiles of 16 output
rows a kernel holds in registers, and whether it unpacks weights to a panel in
memory first; on a GPU, how many blocks there are, and how far ahead they copy
weights. The file has a line for each shape of kernel, is made to be read
and committed, and serves every model whose kernels have these shapes. The
output of a program has the same bits with it and without.

examples:
  quipu tune smollm2.gguf -o zen4.json
  quipu build smollm2.gguf --tuned zen4.json -o smol
  quipu build smollm2.gguf --tuned zen4.json --emit scheduled    # what it does
  quipu tune smollm2.gguf --target sm_90a -o h200.json           # on its GPU

It takes a minute or two for each 100 million weights on a processor, and a
machine that does nothing else. A candidate counts when it is more than 3 %
faster than what the compiler's cost model chooses, both measured alternately,
twice. FILE has what won and how fast it ran, and is written after each
candidate; docs/tuning.md says more.
)";

static constexpr char tokenizeUsage[] =
    R"(usage: quipu tokenize TOKENIZER < text

Prints the token ids of each line of standard input on a line of its own, with
those that the tokenizer puts before and behind a text, as the program of a
model has them. TOKENIZER is a tokenizer.json, a folder with one, or a GGUF
file; it needs no weights.

examples:
  echo "Once upon a time" | quipu tokenize smollm2.gguf
  quipu tokenize all-MiniLM-L6-v2/tokenizer.json < sentences.txt

docs/tokenizers.md says which kinds of tokenizer there are.
)";

static constexpr char exitStatus[] = "\nExit status: 0; 1 after an error.\n";

namespace {
/// What was given; nothing that was not.
struct Values {
  std::optional<std::string> output, target, tuned, spec, names, heads,
      quantization, weights, ptxas, emit, dumpStages, from;
  std::vector<std::string> adapters;
  std::optional<int64_t> context, seconds;
  bool library = false, help = false, version = false, printStages = false;
  DeveloperOptions developer;
};
} // namespace

static CommandLine getOptions(Values &to) {
  const char *about = "About quipu";
  return CommandLine(
      {{about, 'h', "help", "", Switch{&to.help}, "Print this."},
       {about, 0, "version", "", Switch{&to.version},
        "Print the versions of quipu and of what it is made of."},
       {about, 0, "print-stages", "", Switch{&to.printStages},
        "Print the stages of a build as a table."}},
      Repeated::IsRefused);
}

static const char targetHelp[] =
    "The processor that the program is for: native (this machine's, the "
    "default), reference (plain slow code to compare with), or LLVM's name of "
    "one, as x86-64-v3; '+FEATURE' adds a feature; x86-64 and aarch64 alone "
    "hold code for several and choose at the start. sm_80, sm_89 and sm_90a "
    "are NVIDIA's GPUs.";
static const char ptxasHelp[] =
    "NVIDIA's assembler, which makes a GPU's machine code, or none to leave "
    "that to the driver at each start (default: the one on the PATH, in "
    "$CUDA_HOME/bin, or of PyPI's nvidia-cuda-nvcc).";
static const char quantizeHelp[] =
    "Store the weights of an F32, F16 or BF16 model in fewer bits: q8_0, "
    "q4_k_m, q6_k or another of llama-quantize's names, which "
    "docs/checkpoints.md lists. Rules for single tensors may follow, as "
    "q4_k_m,token_embd=q8_0 (default: as they are in the file).";
static const char loraHelp[] =
    "Add what the adapter changes to the weights: a GGUF file, or a folder of "
    "PEFT's. SCALE (default: 1) makes it weaker or stronger. May be given "
    "several times. docs/lora.md says what adapters there are.";
static const char namesHelp[] =
    "What Hugging Face folders of a new family call their keys and tensors; "
    "the file is named after the family, as docs/checkpoints.md says.";
static const char specHelp[] = "The spec of the model's family (default: the "
                               "one built into quipu).";

static CommandLine getBuildOptions(Values &to) {
  const char *program = "The program", *way = "How it is made",
             *passes = "For compiler developers";
  return CommandLine(
      {{program, 'o', "output", "OUT", Text{&to.output},
        "The program's file; with '--emit' the stage's, by default standard "
        "output. '-' is standard output."},
       {program, 0, "lib", "", Switch{&to.library},
        "Make a shared library, with its C header quipu.h beside it."},
       {program, 0, "target", "T", Text{&to.target}, targetHelp},
       {program, 0, "quantize", "NAME", Text{&to.quantization}, quantizeHelp},
       {program, 0, "lora", "ADAPTER[=SCALE]", Texts{&to.adapters}, loraHelp},
       {program, 0, "context", "N", Integer{&to.context, 1, abi::maxContext},
        "How many tokens the program remembers unless it is told otherwise "
        "(default: as many as the model was trained with)."},
       {program, 0, "tuned", "FILE", Text{&to.tuned},
        "Run kernels in the way that 'quipu tune' found fastest on a "
        "processor; for others the file changes nothing. The output has the "
        "same bits."},
       {program, 0, "head", "NAME,...", Text{&to.heads},
        "The program's entries, each a head on the model's hidden states: "
        "generate continues a text, embed makes a vector of one, hidden gives "
        "the hidden states; a FILE.mlir is a head of your own. The first word "
        "after the program's name chooses; without one it is the first entry "
        "(default: what the checkpoint's class is for)."},
       {program, 0, "weights", "random:SEED", Text{&to.weights},
        "Make a program without weights, for measurements: it makes random "
        "ones at the start, on every machine the same for the seed. MODEL "
        "needs none either, only its sizes."},
       {way, 0, "spec", "FILE", Text{&to.spec}, specHelp},
       {way, 0, "names", "FILE", Text{&to.names}, namesHelp},
       {way, 0, "ptxas", "FILE", Text{&to.ptxas}, ptxasHelp},
       {way, 0, "emit", "STAGE", Text{&to.emit},
        "Stop at a stage and print it."},
       {way, 0, "dump-stages", "DIR", Text{&to.dumpStages},
        "Write every stage into the folder: 0-spec.mlir, 1-graph.mlir, ..."},
       {way, 0, "from", "STAGE[:FILE]", Text{&to.from},
        "Resume from a stage's file, which may have been edited (default: the "
        "one in the folder of '--dump-stages')."},
       {passes, 0, "remarks", "", Switch{&to.developer.remarks},
        "Say what has become of each line of the spec, and why: which ops are "
        "one kernel, how it runs, and what steps take."},
       {passes, 0, "mlir-timing", "", Switch{&to.developer.timing},
        "Print how long each pass has taken."},
       {passes, 0, "mlir-print-ir-before", "PASS",
        Text{&to.developer.printBefore},
        "Print what a pass gets; 'all' is every pass."},
       {passes, 0, "mlir-print-ir-after", "PASS",
        Text{&to.developer.printAfter}, "Print what a pass leaves."},
       {passes, 0, "reproducer", "FILE", Text{&to.developer.reproducer},
        "After a pass has failed, or crashed, write what its stage got: "
        "'quipu-opt -run-reproducer FILE' does the same again."},
       {"About quipu", 'h', "help", "", Switch{&to.help}, "Print this."}},
      Repeated::IsRefused);
}

static CommandLine getTuneOptions(Values &to) {
  const char *options = "Options";
  return CommandLine(
      {{options, 'o', "output", "FILE", Text{&to.output},
        "The file that the schedules are written to."},
       {options, 0, "target", "T", Text{&to.target}, targetHelp},
       {options, 0, "time", "SECONDS", Integer{&to.seconds, 1, 1 << 30},
        "Try no candidate that would be done later, but all that are done are "
        "in FILE (default: try all)."},
       {options, 0, "quantize", "NAME", Text{&to.quantization}, quantizeHelp},
       {options, 0, "weights", "random:SEED", Text{&to.weights},
        "Measure with random weights, as on a GPU in any case; MODEL needs "
        "none then, only its sizes."},
       {options, 0, "spec", "FILE", Text{&to.spec}, specHelp},
       {options, 0, "names", "FILE", Text{&to.names}, namesHelp},
       {options, 0, "ptxas", "FILE", Text{&to.ptxas}, ptxasHelp},
       {options, 'h', "help", "", Switch{&to.help}, "Print this."}},
      Repeated::IsRefused);
}

/// Prints what was asked for, all of it.
static LogicalResult print(StringRef text) {
  std::string error = writeFile("-", text, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}

static std::string getBuildHelp(const CommandLine &line) {
  std::string text = buildUsage + line.help();
  raw_string_ostream os(text);
  printStages(os);
  os << "\nCompiled kernels are kept in QUIPU_CACHE_DIR, else "
        "XDG_CACHE_HOME/quipu, else\n~/.cache/quipu.\n"
     << exitStatus;
  return text;
}

/// The seed of "random:SEED".
static std::optional<uint64_t> parseSeed(StringRef weights) {
  uint64_t seed;
  if (!weights.consume_front("random:") || !to_integer(weights, seed, 10))
    return std::nullopt;
  return seed;
}

/// Runs `build` or `tune` with the arguments behind it.
static LogicalResult runCommand(StringRef command, ArrayRef<const char *> argv,
                                const std::string &runtimeFolder) {
  Values values;
  bool isTune = command == "tune";
  CommandLine line = isTune ? getTuneOptions(values) : getBuildOptions(values);
  std::string error = line.parse(static_cast<int>(argv.size()), argv.data());
  if (!error.empty())
    return fail(error);
  if (values.help)
    return print(isTune ? tuneUsage + line.help() + exitStatus
                        : getBuildHelp(line));
  if (line.positional().size() > 1)
    return fail("unexpected '" + line.positional()[1] + "' after the model '" +
                line.positional()[0] + "'");
  for (auto [name, value] :
       {std::pair("-o", &values.output), std::pair("--target", &values.target),
        std::pair("--tuned", &values.tuned), std::pair("--spec", &values.spec),
        std::pair("--names", &values.names), std::pair("--head", &values.heads),
        std::pair("--quantize", &values.quantization),
        std::pair("--ptxas", &values.ptxas), std::pair("--emit", &values.emit),
        std::pair("--dump-stages", &values.dumpStages),
        std::pair("--from", &values.from),
        std::pair("--mlir-print-ir-before", &values.developer.printBefore),
        std::pair("--mlir-print-ir-after", &values.developer.printAfter),
        std::pair("--reproducer", &values.developer.reproducer)})
    if (*value && (*value)->empty())
      return fail(Twine("'") + name + "' must not be empty");

  BuildArguments arguments;
  if (!line.positional().empty())
    arguments.model = line.positional()[0];
  arguments.output = values.output.value_or("");
  arguments.spec = values.spec.value_or("");
  if (values.names)
    if (Error error = addFolderNames(*values.names))
      return fail(toString(std::move(error)));
  arguments.assembler = values.ptxas.value_or("");
  if (values.heads) {
    SmallVector<StringRef> heads;
    StringRef(*values.heads).split(heads, ',');
    arguments.heads.assign(heads.begin(), heads.end());
  }
  if (values.weights) {
    arguments.randomSeed = parseSeed(*values.weights);
    if (!arguments.randomSeed)
      return fail("'--weights' takes random:SEED, where the seed is a whole "
                  "number, not '" +
                  *values.weights + "'");
  }
  if (values.target)
    arguments.target = *values.target;
  arguments.isTargetGiven = values.target.has_value();
  if (values.emit)
    arguments.emit = *values.emit;
  arguments.from = values.from.value_or("");
  arguments.dumpStages = values.dumpStages.value_or("");
  arguments.quantization = values.quantization.value_or("");
  arguments.adapters = values.adapters;
  if (!values.adapters.empty() && values.weights)
    return fail("'--lora' and '--weights' exclude each other");
  arguments.context = static_cast<uint32_t>(values.context.value_or(0));
  arguments.library = values.library;
  arguments.runtimeFolder = runtimeFolder;
  arguments.tuned = values.tuned.value_or("");
  arguments.kernels = getCacheFolder();
  arguments.developer = values.developer;
  ProgressBar bar;
  return isTune ? tune(arguments, values.seconds, bar) : build(arguments, bar);
}

/// Runs `tokenize` with the arguments behind it.
static LogicalResult runTokenize(ArrayRef<const char *> argv) {
  Values values;
  CommandLine line(
      {{"Options", 'h', "help", "", Switch{&values.help}, "Print this."}},
      Repeated::IsRefused);
  std::string error = line.parse(static_cast<int>(argv.size()), argv.data());
  if (!error.empty())
    return fail(error);
  if (values.help)
    return print(tokenizeUsage + line.help() + exitStatus);
  if (line.positional().size() != 1)
    return fail("'tokenize' takes one tokenizer; see quipu tokenize --help");
  return tokenize(line.positional()[0]);
}

/// What is wrong with a command line without a command.
static std::string findMistake(StringRef first, const std::string &error) {
  Values unused;
  for (auto [command, line] : {std::pair("build", getBuildOptions(unused)),
                               std::pair("tune", getTuneOptions(unused))})
    if (line.find(std::string_view(first)))
      return ("'" + first + "' goes behind the command: quipu " + command +
              " MODEL " + first)
          .str();
  if (first.starts_with("-"))
    return error.empty() ? "unexpected words after '" + first.str() + "'"
                         : error;
  std::string_view nearest = findNearest(
      first, {"build", "tune", "index", "render", "tokenize", "check-grammar"});
  return ("there is no command '" + first + "'; ").str() +
         (nearest.empty() ? "see quipu --help"
                          : "did you mean '" + std::string(nearest) + "'?");
}

static LogicalResult run(ArrayRef<const char *> argv) {
  StringRef first = argv.size() > 1 ? argv[1] : "";
  if (first == "build" || first == "tune")
    return runCommand(
        first, argv.drop_front(),
        findRuntimeFolder(argv[0], reinterpret_cast<void *>(&run)));
  if (first == "index")
    return index(argv.drop_front());
  if (first == "render")
    return render(argv.drop_front());
  if (first == "tokenize")
    return runTokenize(argv.drop_front());
  if (first == "check-grammar")
    return checkGrammar(argv.drop_front());
  Values values;
  CommandLine line = getOptions(values);
  std::string error = line.parse(static_cast<int>(argv.size()), argv.data());
  if (argv.size() < 2)
    return fail("there is no command; see quipu --help");
  if (!error.empty() || !line.positional().empty())
    return fail(findMistake(first, error));
  if (values.help)
    return print(usage + line.help() + exitStatus);
  if (values.version)
    return print((getCompilerVersion() + "\n").str());
  std::string table;
  raw_string_ostream os(table);
  printStageTable(os);
  return print(table);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv, /*InstallPipeSignalExitHandler=*/false);
  install_bad_alloc_error_handler([](void *, const char *, bool) {
    static const char sentence[] = "quipu: error: there is not enough memory\n";
    _exit(write(STDERR_FILENO, sentence, sizeof(sentence) - 1) < 0 ? 2 : 1);
  });
#ifdef QUIPU_PORTABLE
  if (isLinker(ArrayRef<const char *>(argv, argc)))
    return runLinker(ArrayRef<const char *>(argv, argc));
#endif
  prepareForOutput();
  endOnLostFiles(
      "quipu: error: a file of the model became shorter while it was "
      "read; build again when it is whole\n");
  LogicalResult result = run(ArrayRef<const char *>(argv, argc));
  // Nobody can be told that sentences found no room.
  errs().clear_error();
  return failed(result);
}
