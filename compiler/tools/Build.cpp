//===- Build.cpp - Makes a program of a checkpoint ------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Build.h"
#include "compiler/Pipeline.h"
#include "compiler/codegen/cpu/lower/Passes.h"
#include "compiler/emit/Optimize.h"
#include "compiler/emit/ProgramTable.h"
#include "compiler/frontend/BoundWeights.h"
#include "compiler/frontend/ReadModule.h"
#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "compiler/link/EmitProgram.h"
#include "compiler/tools/Diagnostics.h"
#include "compiler/tools/Files.h"
#include "compiler/tools/Specs.h"
#include "compiler/transforms/TunedSchedules.h"
#include "dialect/Targets.h"
#include "support/OutputFile.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <mutex>
#include <unistd.h>

using namespace mlir;
using namespace quipu;
using llvm::Error;
using llvm::Expected;

StringRef quipu::getCompilerVersion() {
  return "quipu " QUIPU_VERSION ", LLVM " LLVM_VERSION_STRING
         ", Halide " HALIDE_VERSION;
}

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

namespace {
class Build {
public:
  Build(const BuildArguments &arguments, ProgressBar &bar)
      : arguments(arguments), bar(bar), context(makeRegistry()),
        diagnostics(sourceManager, &context, bar) {}

  LogicalResult run();

private:
  LogicalResult check();
  /// That no output is an input or another output.
  LogicalResult checkFiles();
  LogicalResult openInputs();
  LogicalResult openTuned();
  /// The spec, or the file that the build resumes from.
  LogicalResult readFirst();
  LogicalResult parseFirst();
  /// The targets of a file that the build resumes from are the variants'.
  LogicalResult adoptTargets();
  /// That a stage which the user wants to see or to change exists once.
  LogicalResult checkVariants();
  LogicalResult runPasses(const Stage &stage);
  LogicalResult runPasses(const Stage &stage, const ProgramVariant &variant);
  void setOptions(StageOptions &options, const Stage &stage,
                  const Target &target);
  void show(const Stage &stage, const ProgramVariant &variant,
            const LowerKernelAction &lower);
  /// A stage as text, "-" for standard output.
  LogicalResult write(const Stage &stage, StringRef path);
  Error print(const Stage &stage, raw_ostream &os);
  Error printAssembly(raw_ostream &os);
  LogicalResult writeProgram(const Stage &stage);
  /// That the spec uses all of the checkpoint.
  LogicalResult checkUsed();
  /// What the program has besides code and weights, before the kernels take
  /// their time.
  Error prepare(const Stage &stage);
  /// 0-spec.mlir, ... in the folder of --dump-stages.
  std::string getDumpPath(const Stage &stage);
  /// The file that the build resumes from stays as the user edited it.
  bool isDumped(const Stage &stage) {
    return !arguments.dumpStages.empty() && stage.name != "program" &&
           (&stage != first || arguments.from.empty());
  }
  /// The file of the spec or of '--from'; empty for a spec that quipu has.
  std::string getFirstPath();
  /// How much of the build is done when `done` of the stage is.
  double getPart(const Stage &stage, double done) {
    return (static_cast<double>(&stage - first) + done) /
           static_cast<double>(last - first + 1);
  }

  const BuildArguments &arguments;
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
  ProgressBar &bar;
  std::mutex progress; // kernels are compiled by several threads
  llvm::SourceMgr sourceManager;
  MLIRContext context;
  Diagnostics diagnostics;
  const Stage *first = nullptr, *last = nullptr;
  /// One for each target; up to the stage `fused` all have the same module.
  std::vector<ProgramVariant> variants;
  std::optional<TunedSchedules> tuned;
  std::unique_ptr<Checkpoint> checkpoint;
  OwningOpRef<ModuleOp> module;
  std::vector<OwningOpRef<ModuleOp>> copies; // for the variants but the first
  std::vector<uint8_t> tokenizer;
  EmitOptions emitOptions;
};
} // namespace

//===----------------------------------------------------------------------===//
// What the user gave
//===----------------------------------------------------------------------===//

LogicalResult Build::check() {
  if (Error error = arguments.developer.check())
    return fail(std::move(error));
  arguments.developer.enableRemarks(context);
  last = findStage(arguments.emit);
  if (!last)
    return fail("'--emit' takes " + listStages() + ", not '" + arguments.emit +
                "'");
  auto [name, file] = StringRef(arguments.from).split(':');
  first = findStage(arguments.from.empty() ? "spec" : name);
  if (!first || !first->isModule())
    return fail("'--from' takes " + listStages(/*modulesOnly=*/true) +
                ", not '" + name + "'");
  if (first > last)
    return fail("'--from " + name + "' comes after '--emit " + last->name +
                "'");
  if (!arguments.from.empty() && file.empty() && arguments.dumpStages.empty())
    return fail("'--from " + name + "' needs the file: '--from " + name +
                ":FILE', or the folder where it is: '--dump-stages DIR'");
  if (!arguments.tuned.empty() && first >= findStage("scheduled"))
    return fail("'--tuned' comes too late for '--from " + name +
                "', whose kernels have their schedules");
  if (arguments.model.empty())
    return fail("there is no model; give a GGUF file: quipu build MODEL -o "
                "OUT");
  if (arguments.output.empty() && last->name == "program")
    return fail("there is no name for the program; give one with '-o OUT'");
  return checkFiles();
}

LogicalResult Build::checkFiles() {
  RunFiles files;
  files.addInput(arguments.model, "the model");
  files.addInput(arguments.spec, "the spec");
  files.addInput(arguments.tuned, "the file of '--tuned'");
  files.addInput(getFirstPath(), "the file of '--from'");
  files.addInput("/proc/self/exe", "quipu");
  for (StringRef name : runtimeLibraries)
    files.addInput(arguments.runtimeFolder + "/" + name.str(),
                   "quipu's library");

  bool isProgram = last->name == "program";
  std::string output = arguments.output.empty() ? "-" : arguments.output;
  if (isProgram && output == "-" && isatty(STDOUT_FILENO))
    return fail("a program cannot be shown; give its name with '-o OUT'");
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
  const Stage *varied = findStage("scheduled");
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

LogicalResult Build::adoptTargets() {
  SmallVector<Attribute> targets = getTargets(*module);
  if (targets.empty())
    return success();
  auto getAttribute = [&](const ProgramVariant &variant) {
    return variant.target.getAttribute(&context);
  };
  if (llvm::equal(targets, llvm::map_range(variants, getAttribute)))
    return success();
  if (arguments.isTargetGiven || isa<ReferenceAttr>(targets[0])) {
    auto first = dyn_cast<CpuAttr>(targets[0]);
    return fail("the module of '--from' is for the target '" +
                (first ? first.getName().getValue() : "reference") +
                "', which '--target " + arguments.target + "' is not");
  }
  variants.clear();
  for (Attribute target : targets)
    variants.push_back({ModuleOp(), Target::create(cast<CpuAttr>(target))});
  return success();
}

LogicalResult Build::openInputs() {
  Expected<std::vector<Target>> targets =
      Target::createVariants(arguments.target);
  if (!targets)
    return fail(targets.takeError());
  for (Target &target : *targets)
    variants.push_back({ModuleOp(), std::move(target)});
  if (failed(checkVariants()) || failed(openTuned()))
    return failure();
  auto file = openGguf(arguments.model);
  if (!file)
    return fail(file.takeError());
  checkpoint = std::move(*file);
  emitOptions.context = arguments.context;
  emitOptions.compiler = getCompilerVersion();
  return success();
}

/// Whether the schedules were measured on a processor as the target's.
static bool suits(const TunedSchedules &tuned, const Target &target) {
  return tuned.processor == target.processor &&
         tuned.lanes == target.getVectorLanes() && !target.isReference();
}

LogicalResult Build::openTuned() {
  if (arguments.tuned.empty())
    return success();
  Expected<TunedSchedules> file = TunedSchedules::read(arguments.tuned);
  if (!file)
    return fail(file.takeError());
  tuned = std::move(*file);
  if (llvm::none_of(variants, [&](const ProgramVariant &variant) {
        return suits(*tuned, variant.target);
      }))
    warn(arguments.tuned + ": these schedules were measured on " +
         tuned->processor + " with " + llvm::Twine(tuned->lanes) +
         " lanes, which the target '" + arguments.target +
         "' is not; the cost model chooses instead");
  return success();
}

std::string Build::getDumpPath(const Stage &stage) {
  llvm::SmallString<128> path(arguments.dumpStages);
  llvm::sys::path::append(path, llvm::Twine(&stage - getStages().begin()) +
                                    "-" + stage.name +
                                    (stage.isModule() ? ".mlir" : ".s"));
  return path.str().str();
}

LogicalResult Build::readFirst() {
  if (failed(parseFirst()))
    return failure();
  // A model with outputs of its own has no heads.
  bool yields = llvm::any_of(module->getOps<ModelOp>(), [](ModelOp model) {
    return !model.getOps<YieldOp>().empty();
  });
  if (first->name != "spec" || !yields)
    return success();
  if (Error error = addHeads(*module, arguments.heads, sourceManager))
    return fail(std::move(error));
  return success();
}

std::string Build::getFirstPath() {
  std::string path = StringRef(arguments.from).split(':').second.str();
  if (!path.empty())
    return path;
  return arguments.from.empty() ? arguments.spec : getDumpPath(*first);
}

LogicalResult Build::parseFirst() {
  std::string path = getFirstPath();
  if (path.empty()) {
    auto spec =
        findSpec(checkpoint->getArchitecture(), sourceManager, &context);
    if (!spec)
      return fail(arguments.model + ": " + llvm::toString(spec.takeError()));
    module = std::move(*spec);
    return success();
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return fail("cannot read '" + path + "': " + buffer.getError().message());
  sourceManager.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  module = readModule(sourceManager, &context);
  return success(static_cast<bool>(module));
}

//===----------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------===//

LogicalResult Build::run() {
  if (failed(check()) || failed(openInputs()) || failed(readFirst()) ||
      failed(adoptTargets()))
    return failure();
  for (ProgramVariant &variant : variants)
    variant.module = *module;
  for (const Stage *stage = first; stage <= last; ++stage) {
    bar.show(stage->name, getPart(*stage, 0));
    if (stage->isModule() && failed(runPasses(*stage)))
      return failure();
    if (stage->name == "graph" && first->name == "spec" && failed(checkUsed()))
      return failure();
    if (!last->isModule() && stage == std::max(first, findStage("cpu")))
      if (Error error = prepare(*stage))
        return fail(std::move(error));
    if (stage->name == "program")
      return writeProgram(*stage);
    if (isDumped(*stage) && failed(write(*stage, getDumpPath(*stage))))
      return failure();
  }
  return write(*last, arguments.output.empty() ? "-" : arguments.output);
}

void Build::setOptions(StageOptions &options, const Stage &stage,
                       const Target &target) {
  options.checkpoint = arguments.model;
  options.kernels = getCacheFolder();
  // The stage `fused` is for all of them.
  if (&stage < findStage("scheduled"))
    options.targets =
        llvm::map_to_vector(variants, [](const ProgramVariant &variant) {
          return variant.target.name;
        });
  else if (first < findStage("scheduled"))
    options.targets = {target.name};
  options.candidate = arguments.candidate.value_or(0);
  if (tuned && suits(*tuned, target))
    options.tuned = arguments.tuned;
}

void Build::show(const Stage &stage, const ProgramVariant &variant,
                 const LowerKernelAction &lower) {
  auto kernel = llvm::cast<Operation *>(lower.getContextIRUnits().front());
  double done =
      static_cast<double>(&variant - variants.data()) +
      static_cast<double>(lower.number) / static_cast<double>(lower.count);
  std::scoped_lock lock(progress);
  bar.show(("compiling " + cast<KernelOp>(kernel).getSymName()).str(),
           getPart(stage, done / static_cast<double>(variants.size())));
}

LogicalResult Build::runPasses(const Stage &stage,
                               const ProgramVariant &variant) {
  StageOptions options;
  setOptions(options, stage, variant.target);
  PassManager passes(&context);
  arguments.developer.apply(passes);
  if (&stage == first)
    passes.addPass(createVerifyStagePass(stage.name));
  else
    addStage(passes, stage, options);
  context.registerActionHandler(
      [&](llvm::function_ref<void()> act, const tracing::Action &action) {
        if (auto *lower = llvm::dyn_cast<LowerKernelAction>(&action))
          show(stage, variant, *lower);
        act();
      });
  return passes.run(variant.module);
}

LogicalResult Build::runPasses(const Stage &stage) {
  if (&stage < findStage("scheduled"))
    return runPasses(stage, variants.front());
  if (stage.name == "scheduled")
    for (ProgramVariant &variant : llvm::drop_begin(variants)) {
      copies.push_back(module->clone());
      variant.module = *copies.back();
    }
  for (const ProgramVariant &variant : variants)
    if (failed(runPasses(stage, variant)))
      return failure();
  return success();
}

LogicalResult Build::write(const Stage &stage, StringRef path) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (Error error = stage.isModule() ? print(stage, os) : printAssembly(os))
    return fail(std::move(error));
  bar.clear();
  std::string error = writeFile(path.str(), text, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}

Error Build::print(const Stage &stage, raw_ostream &os) {
  module->print(os, OpPrintingFlags().printNameLocAsPrefix());
  os << '\n';
  const Target &target = variants.front().target;
  if (stage.name != "cpu" || target.isReference())
    return Error::success();
  for (ModelOp model : module->getOps<ModelOp>())
    for (KernelOp kernel : model.getOps<KernelOp>()) {
      Expected<std::string> statements = printHalideStatements(kernel);
      if (!statements)
        return statements.takeError();
      if (statements->empty())
        continue;
      os << "\n// What Halide makes of @" << kernel.getSymName() << ":\n";
      for (StringRef line : llvm::split(StringRef(*statements).rtrim(), '\n'))
        os << "// " << line << '\n';
    }
  return Error::success();
}

LogicalResult Build::checkUsed() {
  llvm::StringSet<> used;
  for (ModelOp model : module->getOps<ModelOp>())
    for (WeightOp weight : model.getOps<WeightOp>())
      for (int64_t layer : llvm::seq<int64_t>(weight.getLayers().value_or(1)))
        used.insert(getTensorName(weight, layer));
  for (const CheckpointTensor &tensor : checkpoint->getTensors())
    if (!used.contains(tensor.name))
      return fail(arguments.model + ": the tensor \"" + tensor.name +
                  "\" is in the checkpoint, but the spec does not use it");
  return success();
}

/// How many token ids the model knows: the rows of the table that they index.
static Expected<int64_t> getVocabulary(ModuleOp module) {
  for (ModelOp model : module.getOps<ModelOp>())
    for (EntryOp entry : model.getOps<EntryOp>())
      for (auto port : entry.getInputs().getAsRange<PortAttr>())
        if (port.getName() == "tokens" && port.getLimit())
          return *port.getLimit();
  return llvm::createStringError(
      "the module has no entry with an input \"tokens\"; is it older than "
      "this compiler?");
}

Error Build::prepare(const Stage &stage) {
  Expected<int64_t> context = getContext(*checkpoint, arguments.context);
  if (!context)
    return context.takeError();
  Expected<int64_t> vocabulary = getVocabulary(*module);
  if (!vocabulary)
    return vocabulary.takeError();
  if (arguments.candidate)
    return Error::success();
  auto image = buildTokenizerImage(*checkpoint, *vocabulary);
  if (image)
    tokenizer = std::move(*image);
  return llvm::handleErrors(
      image.takeError(), [&](const UnsupportedTokenizer &unsupported) {
        bar.clear();
        warn(unsupported.getMessage() +
             "; the program takes token ids only, with '--tokens'");
      });
}

Error Build::printAssembly(raw_ostream &os) {
  llvm::LLVMContext llvmContext;
  auto code =
      buildCode(variants, *checkpoint, tokenizer, emitOptions, llvmContext);
  if (!code)
    return code.takeError();
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream to(text);
  if (Error error = emitMachineCode(**code, variants.front().target,
                                    MachineOutput::Assembly, to))
    return error;
  os << text;
  return Error::success();
}

LogicalResult Build::writeProgram(const Stage &stage) {
  LinkOptions link{arguments.library ? ProgramKind::Library
                                     : ProgramKind::Executable,
                   arguments.runtimeFolder, arguments.output};
  Expected<uint64_t> bytes =
      emitProgram(variants, *checkpoint, tokenizer, emitOptions, link,
                  [&](StringRef work, double done) {
                    bar.show(work, getPart(stage, done));
                  });
  bar.clear();
  if (!bytes)
    return fail(bytes.takeError());
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  if (bar.isShown() && !arguments.candidate)
    llvm::errs() << llvm::sys::path::filename(arguments.output)
                 << llvm::format(": %.1f MB, %.1f s\n",
                                 static_cast<double>(*bytes) / 1e6,
                                 seconds.count());
  return success();
}

LogicalResult quipu::build(const BuildArguments &arguments, ProgressBar &bar) {
  return Build(arguments, bar).run();
}
