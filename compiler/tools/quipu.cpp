//===- quipu.cpp - The compiler's command line ----------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/LinkProgram.h"
#include "compiler/tools/Build.h"
#include "compiler/tools/Diagnostics.h"
#include "compiler/tools/Help.h"
#include "compiler/tools/Tune.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InitLLVM.h"
#include <csignal>

using namespace llvm;
using namespace quipu;

static cl::SubCommand buildCommand("build", "makes a program of a model");
static cl::SubCommand tuneCommand("tune", "measures schedules on this machine");

static cl::opt<std::string> model(cl::Positional, cl::sub(buildCommand),
                                  cl::sub(tuneCommand));
static cl::opt<std::string>
    output("o", cl::sub(buildCommand), cl::value_desc("OUT"),
           cl::desc("The program's name; with '--emit', the file for the stage "
                    "(default: standard output)"));
static cl::opt<std::string>
    schedules("o", cl::sub(tuneCommand), cl::value_desc("FILE"),
              cl::desc("The file that the schedules are written to"));
static cl::opt<bool> library(
    "lib", cl::sub(buildCommand),
    cl::desc("Make a shared library, with its C header quipu.h beside it"));
static cl::opt<std::string>
    target("target", cl::sub(buildCommand), cl::sub(tuneCommand),
           cl::value_desc("T"), cl::init("native"),
           cl::desc("The processor that the program is for: native (this "
                    "machine's, the default), reference (plain slow code to "
                    "compare with), or LLVM's name of one, as x86-64-v3; "
                    "'+FEATURE' adds a feature; x86-64 and aarch64 alone hold "
                    "code for several and choose at the start"));
static cl::opt<std::string>
    context("context", cl::sub(buildCommand), cl::value_desc("N"),
            cl::desc("Positions that the program keeps by default (default: as "
                     "the model was trained)"));
static cl::opt<std::string>
    tuned("tuned", cl::sub(buildCommand), cl::value_desc("FILE"),
          cl::desc("Run kernels as 'quipu tune' has measured to be fastest; "
                   "the output has the same bits, and other processors than "
                   "that one are not concerned"));
static cl::opt<std::string>
    spec("spec", cl::sub(buildCommand), cl::sub(tuneCommand),
         cl::value_desc("FILE"),
         cl::desc("The spec of the model's family (default: the one that quipu "
                  "brings along)"));
static cl::opt<std::string> emit("emit", cl::sub(buildCommand),
                                 cl::value_desc("STAGE"), cl::init("program"),
                                 cl::desc("Stop at a stage and print it"));
static cl::opt<std::string>
    dumpStages("dump-stages", cl::sub(buildCommand), cl::value_desc("DIR"),
               cl::desc("Write every stage into the folder: 0-spec.mlir, "
                        "1-graph.mlir, ..."));
static cl::opt<std::string>
    from("from", cl::sub(buildCommand), cl::value_desc("STAGE[:FILE]"),
         cl::desc("Resume from a stage's file, which may have been edited "
                  "(default: the one in the folder of '--dump-stages')"));

static void printHelp(raw_ostream &os) {
  os << R"(usage: quipu build MODEL -o OUT [options]
       quipu tune MODEL -o FILE [options]
       quipu --help | --version | --print-stages

Compiles a language model, ahead of time, into one program that holds its code
and its weights and needs nothing else.

examples:
  quipu build smollm2.gguf -o smol     # make the program
  ./smol "Once upon a time"            # and run it
  quipu build --help                   # all options, and the stages between
  quipu tune --help                    # make it faster on this machine
)";
}

static void printBuildHelp(raw_ostream &os) {
  os << R"(usage: quipu build MODEL -o OUT [options]

Makes a program of MODEL, a GGUF file: sizes, weights and tokenizer come from
there, the computation from the spec of the model's family.

examples:
  quipu build smollm2.gguf -o smol
  quipu build smollm2.gguf --lib -o libsmol.so
  quipu build smollm2.gguf --target x86-64-v3 -o smol     # for other machines
  quipu build smollm2.gguf --emit fused                   # read a stage
  quipu build smollm2.gguf --dump-stages s -o smol        # write all of them,
  quipu build smollm2.gguf --dump-stages s --from fused -o smol
                                       # edit s/2-fused.mlir, go on from there
)";
  const cl::Option *where[] = {&output, &library, &target, &context, &tuned};
  const cl::Option *how[] = {&spec, &emit, &dumpStages, &from};
  printOptions(os, {{"The program", where}, {"The way to it", how}});
  printStages(os);
  os << "\nCompiled kernels are kept in QUIPU_CACHE_DIR, else "
        "XDG_CACHE_HOME/quipu, else\n~/.cache/quipu.\n\nExit status: 0; 1 "
        "after an error.\n";
}

static void printTuneHelp(raw_ostream &os) {
  os << R"(usage: quipu tune MODEL -o FILE [options]

Measures on this machine in which of several ways each kernel of MODEL runs
fastest, and writes the winners to FILE: how many tokens and tiles of 16 output
rows a kernel holds in registers, and whether it unpacks weights to a panel in
memory first. The file has a line for each shape of kernel, is made to be read
and committed, and serves every model whose kernels have these shapes. The
output of a program has the same bits with it and without.

examples:
  quipu tune smollm2.gguf -o zen4.json
  quipu build smollm2.gguf --tuned zen4.json -o smol
  quipu build smollm2.gguf --tuned zen4.json --emit scheduled    # what it does

It takes a minute or two for each 100 million weights, and a machine that does
nothing else. A candidate counts when it is more than 3 % faster than what the
compiler's cost model chooses, measured by turns, twice. What won, and how
fast it ran, stands in FILE; docs/tuning.md says more.
)";
  const cl::Option *options[] = {&schedules, &target, &spec};
  printOptions(os, {{"Options", options}});
  os << "\nExit status: 0; 1 after an error.\n";
}

/// cl's message as the end of `quipu: error: ...`.
static std::string rephrase(StringRef message, StringRef help) {
  auto [first, second] = message.split('\n');
  first.consume_front("quipu: ");
  std::string sentence = first.split(".  Try:").first.rtrim("!.").str();
  if (!sentence.empty())
    sentence[0] = toLower(sentence[0]);
  second = second.split('\n').first;
  if (second.consume_front("quipu: Did you mean "))
    return sentence + "; did you mean " + second.str();
  return sentence + "; see " + help.str();
}

/// cl itself does not say which option's value the end of the line has cut off.
static const cl::Option *findWithoutValue(cl::SubCommand &command,
                                          StringRef last) {
  auto &options = cl::getRegisteredOptions(command);
  auto option = options.find(last.ltrim('-'));
  return last.starts_with("-") && option != options.end() &&
                 !option->second->ValueStr.empty()
             ? option->second
             : nullptr;
}

static LogicalResult run(int argc, char **argv) {
  std::string path = argv[0], message;
  argv[0] = const_cast<char *>("quipu");
  StringRef command = argv[1];
  raw_string_ostream errors(message);
  if (const cl::Option *option = findWithoutValue(
          command == "tune" ? tuneCommand : buildCommand, argv[argc - 1]))
    return fail(Twine("'") + argv[argc - 1] +
                "' needs a value: " + argv[argc - 1] + " " + option->ValueStr);
  if (!cl::ParseCommandLineOptions(argc, argv, "", &errors))
    // Nothing: cl has complained about a value already.
    return message.empty()
               ? failure()
               : fail(rephrase(message,
                               command == "build" || command == "tune"
                                   ? "quipu " + command.str() + " --help"
                                   : "quipu --help"));
  uint32_t positions = 0;
  if (!context.empty() &&
      (!to_integer(context, positions, 10) || positions == 0))
    return fail("'--context' takes a whole number from 1, not '" + context +
                "'");
  BuildArguments arguments{
      model,
      tuneCommand ? schedules : output,
      spec,
      target,
      target.getNumOccurrences() > 0,
      emit,
      from,
      dumpStages,
      positions,
      library,
      findRuntimeFolder(path.c_str(), reinterpret_cast<void *>(&run)),
      tuned,
      std::nullopt};
  ProgressBar bar;
  return tuneCommand ? tune(arguments, bar) : build(arguments, bar);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  // A file that may not grow further is an error of its write.
  std::signal(SIGXFSZ, SIG_IGN);
  StringRef command = argc > 1 ? argv[1] : "--help";
  bool help = any_of(ArrayRef(argv, argc), [](StringRef argument) {
    return argument == "--help" || argument == "-h";
  });
  if (help && command == "build")
    printBuildHelp(outs());
  else if (help && command == "tune")
    printTuneHelp(outs());
  else if (help || argc == 1)
    printHelp(outs());
  else if (command == "--version")
    outs() << getCompilerVersion() << '\n';
  else if (command == "--print-stages")
    printStageTable(outs());
  else
    return failed(run(argc, argv));
  return 0;
}
