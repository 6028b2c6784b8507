//===- Build.cpp - Makes a program of a checkpoint ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Build.h"
#include "compiler/frontend/lora/Adapter.h"
#include "compiler/tools/Diagnostics.h"
#include "dialect/ScheduleText.h"
#include "support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <unistd.h>

using namespace mlir;
using namespace quipu;
using llvm::Error;

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

namespace {
class Build : CompilationListener {
public:
  Build(const BuildArguments &arguments, ProgressBar &bar)
      : arguments(arguments), bar(bar), context(makeRegistry()),
        diagnostics(sourceManager, &context, bar, arguments.warns),
        compilation(arguments, context, sourceManager, *this) {}

  LogicalResult run();
  /// Of the first variant, after `run`.
  std::vector<TunedKernel> getKernels();

private:
  void show(StringRef work, double done) final { bar.show(work, done); }
  void prepare(PassManager &passes) final { arguments.developer.apply(passes); }

  LogicalResult check();
  LogicalResult findStages();
  /// That no output is an input or another output.
  LogicalResult checkFiles();
  /// That a stage which the user wants to see or to change exists once.
  LogicalResult checkVariants();
  /// A stage as text, "-" for standard output.
  LogicalResult write(const Stage &stage, StringRef path);
  LogicalResult writeProgram();
  /// 0-spec.mlir, ... in the folder of --dump-stages.
  std::string getDumpPath(const Stage &stage);
  /// The file that the build resumes from stays as the user edited it.
  bool isDumped(const Stage &stage) {
    return !arguments.dumpStages.empty() && !stage.isBinary() &&
           (&stage != first || arguments.from.empty());
  }
  /// The file of the spec or of '--from'; empty for a spec that quipu has.
  std::string getFirstPath();

  const BuildArguments &arguments;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
  ProgressBar &bar;
  llvm::SourceMgr sourceManager;
  MLIRContext context;
  Diagnostics diagnostics;
  Compilation compilation;
  const Stage *first = nullptr, *last = nullptr;
};
} // namespace

//===----------------------------------------------------------------------===//
// What the user gave
//===----------------------------------------------------------------------===//

LogicalResult Build::check() {
  if (Error error = arguments.developer.check())
    return fail(std::move(error));
  arguments.developer.enableRemarks(context);
  if (arguments.model.empty())
    return fail("there is no model; give a GGUF file or a Hugging Face folder: "
                "quipu build MODEL -o "
                "OUT");
  if (failed(compilation.findTarget()) || failed(findStages()))
    return failure();
  if (arguments.output.empty() && last->name == "program")
    return fail("there is no name for the program; give one with '-o OUT'");
  return success(succeeded(checkVariants()) && succeeded(checkFiles()));
}

LogicalResult Build::findStages() {
  ArrayRef<Stage> stages = compilation.getStages();
  last = compilation.findStage(arguments.emit);
  if (!last)
    return fail("'--emit' takes " + listStages(stages) + ", not '" +
                arguments.emit + "'");
  auto [name, file] = StringRef(arguments.from).split(':');
  first = compilation.findStage(arguments.from.empty() ? "spec" : name);
  if (!first || !first->isModule())
    return fail("'--from' takes " +
                listStages(stages.take_while(
                    [](const Stage &stage) { return stage.isModule(); })) +
                ", not '" + name + "'");
  if (first > last)
    return fail("'--from " + name + "' comes after '--emit " + last->name +
                "'");
  if (!arguments.from.empty() && file.empty() && arguments.dumpStages.empty())
    return fail("'--from " + name + "' needs the file: '--from " + name +
                ":FILE', or the folder where it is: '--dump-stages DIR'");
  if (!arguments.tuned.empty() && first >= compilation.findStage("scheduled"))
    return fail("'--tuned' comes too late for '--from " + name +
                "', whose kernels have their schedules");
  return success();
}

LogicalResult Build::checkFiles() {
  RunFiles files;
  for (const std::string &file : findCheckpointFiles(arguments.model))
    files.addInput(file, "the model");
  for (const std::string &adapter : arguments.adapters)
    for (const std::string &file : findAdapterFiles(adapter))
      files.addInput(file, "the adapter");
  files.addInput(arguments.spec, "the spec");
  files.addInput(arguments.tuned, "the file of '--tuned'");
  files.addInput(getFirstPath(), "the file of '--from'");
  files.addInput("/proc/self/exe", "quipu");
  SmallVector<StringRef> libraries(compilation.getBackend().getLibraries());
  libraries.append({mainLibrary, runtimeLibrary});
  for (StringRef name : libraries)
    files.addInput(arguments.runtimeFolder + "/" + name.str(),
                   "quipu's library");

  bool isProgram = last->name == "program";
  std::string output = arguments.output.empty() ? "-" : arguments.output;
  if (last->isBinary() && output == "-" && isatty(STDOUT_FILENO))
    return fail("a " + last->name +
                " cannot be shown; give its name with '-o OUT'");
  std::string error = files.addOutput(
      output,
      isProgram ? arguments.library ? "the library" : "the program"
                : "the output of '--emit'",
      /*standardOutput=*/true);
  if (error.empty() && isProgram && arguments.library)
    if (std::string header = getHeaderPath(output); !header.empty())
      error = files.addOutput(header, "the header of the library");
  if (!error.empty())
    return fail(error);
  if (arguments.dumpStages.empty())
    return success();
  if (std::error_code code =
          llvm::sys::fs::create_directories(arguments.dumpStages))
    return fail("cannot make the folder '" + arguments.dumpStages +
                "': " + code.message());
  for (const Stage *stage = first; stage <= last && error.empty(); ++stage)
    if (isDumped(*stage))
      error = files.addOutput(getDumpPath(*stage), "the file of a stage");
  return error.empty() ? success() : fail(error);
}

LogicalResult Build::checkVariants() {
  ArrayRef<ProgramVariant> variants = compilation.getVariants();
  const Stage *varied = compilation.findStage("scheduled");
  bool isProgram = last->name == "program";
  if (variants.size() == 1 || (first < varied && arguments.dumpStages.empty() &&
                               (last < varied || isProgram)))
    return success();
  std::string names;
  for (const ProgramVariant &variant : variants)
    names += (names.empty() ? "" : ", ") + variant.target.name;
  return fail("the target '" + arguments.target + "' stands for " + names +
              ", whose stages differ from '" + varied->name +
              "' on; with '--emit', '--from' or '--dump-stages' give one of "
              "them as the target");
}

std::string Build::getDumpPath(const Stage &stage) {
  llvm::SmallString<128> path(arguments.dumpStages);
  llvm::sys::path::append(
      path, llvm::Twine(&stage - compilation.getStages().begin()) + "-" +
                stage.name + (stage.isModule() ? ".mlir" : ".s"));
  return path.str().str();
}

std::string Build::getFirstPath() {
  std::string path = StringRef(arguments.from).split(':').second.str();
  if (!path.empty())
    return path;
  return arguments.from.empty() ? arguments.spec : getDumpPath(*first);
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

LogicalResult Build::run() {
  if (failed(check()) ||
      failed(compilation.begin(*first, getFirstPath(), *last)))
    return failure();
  for (const Stage *stage = first; stage <= last; ++stage) {
    if (stage->name == "program")
      return writeProgram();
    if (stage->isModule() && failed(compilation.run(*stage)))
      return failure();
    if (isDumped(*stage) && failed(write(*stage, getDumpPath(*stage))))
      return failure();
  }
  return write(*last, arguments.output.empty() ? "-" : arguments.output);
}

LogicalResult Build::write(const Stage &stage, StringRef path) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (failed(compilation.print(stage, os)))
    return failure();
  bar.clear();
  std::string error = writeFile(path.str(), text, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}

LogicalResult Build::writeProgram() {
  FailureOr<uint64_t> bytes = compilation.writeProgram(
      {arguments.library ? ProgramKind::Library : ProgramKind::Executable,
       arguments.runtimeFolder, arguments.output,
       compilation.getBackend().getLibraries(), !arguments.randomSeed});
  bar.clear();
  if (failed(bytes))
    return failure();
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  if (bar.isShown() && !arguments.candidate)
    llvm::errs() << llvm::sys::path::filename(arguments.output)
                 << llvm::format(": %.1f MB, %.1f s\n",
                                 static_cast<double>(*bytes) / 1e6,
                                 seconds.count());
  return success();
}

std::vector<TunedKernel> Build::getKernels() {
  std::vector<TunedKernel> kernels;
  ModuleOp module = compilation.getVariants().front().module;
  module.walk([&](EntryOp entry) {
    for (auto step : entry.getCompiled()->getAsRange<CompiledStepAttr>())
      for (CompiledKernelAttr kernel : step.getKernels())
        if (ScheduleAttrInterface schedule = kernel.getSchedule())
          kernels.push_back({.shape = kernel.getShape().str(),
                             .tokens = step.getTokens(),
                             .schedule = getScheduleText(schedule)});
  });
  return kernels;
}

LogicalResult quipu::build(const BuildArguments &arguments, ProgressBar &bar,
                           std::vector<TunedKernel> *kernels) {
  Build build(arguments, bar);
  if (failed(build.run()))
    return failure();
  if (kernels)
    *kernels = build.getKernels();
  return success();
}
