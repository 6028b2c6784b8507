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
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/InitLLVM.h"
#include <csignal>

using namespace llvm;
using namespace quipu;

static cl::SubCommand buildCommand("build", "makes a program of a model");

static cl::opt<std::string> model(cl::Positional, cl::sub(buildCommand));
static cl::opt<std::string>
    output("o", cl::sub(buildCommand), cl::value_desc("OUT"),
           cl::desc("The program's name; with '--emit', the file for the stage "
                    "(default: standard output)"));
static cl::opt<bool> library(
    "lib", cl::sub(buildCommand),
    cl::desc("Make a shared library, with its C header quipu.h beside it"));
static cl::opt<std::string>
    target("target", cl::sub(buildCommand), cl::value_desc("T"),
           cl::init("native"),
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
    spec("spec", cl::sub(buildCommand), cl::value_desc("FILE"),
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
       quipu --help | --version | --print-stages

Compiles a language model, ahead of time, into one program that holds its code
and its weights and needs nothing else.

examples:
  quipu build smollm2.gguf -o smol     # make the program
  ./smol "Once upon a time"            # and run it
  quipu build --help                   # all options, and the stages between
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
  const cl::Option *where[] = {&output, &library, &target, &context};
  const cl::Option *how[] = {&spec, &emit, &dumpStages, &from};
  printOptions(os, {{"The program", where}, {"The way to it", how}});
  printStages(os);
  os << "\nCompiled kernels are kept in QUIPU_CACHE_DIR, else "
        "XDG_CACHE_HOME/quipu, else\n~/.cache/quipu.\n\nExit status: 0; 1 "
        "after an error.\n";
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
static const cl::Option *findWithoutValue(StringRef last) {
  auto &options = cl::getRegisteredOptions(buildCommand);
  auto option = options.find(last.ltrim('-'));
  return last.starts_with("-") && option != options.end() &&
                 !option->second->ValueStr.empty()
             ? option->second
             : nullptr;
}

static LogicalResult run(int argc, char **argv) {
  std::string path = argv[0], message;
  argv[0] = const_cast<char *>("quipu");
  raw_string_ostream errors(message);
  if (const cl::Option *option = findWithoutValue(argv[argc - 1]))
    return fail(Twine("'") + argv[argc - 1] +
                "' needs a value: " + argv[argc - 1] + " " + option->ValueStr);
  if (!cl::ParseCommandLineOptions(argc, argv, "", &errors))
    // Nothing: cl has complained about a value already.
    return message.empty()
               ? failure()
               : fail(rephrase(message, StringRef(argv[1]) == "build"
                                            ? "quipu build --help"
                                            : "quipu --help"));
  uint32_t positions = 0;
  if (!context.empty() &&
      (!to_integer(context, positions, 10) || positions == 0))
    return fail("'--context' takes a whole number from 1, not '" + context +
                "'");
  return build(
      {model, output, spec, target, emit, from, dumpStages, positions, library,
       findRuntimeFolder(path.c_str(), reinterpret_cast<void *>(&run))});
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
