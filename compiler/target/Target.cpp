//===- Target.cpp - The processor that a program is for -------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Target.h"
#include "dialect/Targets.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Function.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace {
/// What the kinds of processors differ by.
struct Architecture {
  StringRef baseline;  // has what every processor of the kind has
  StringRef reference; // what "reference" stands for
  ArrayRef<StringRef> features;
  StringRef required; // no processor without this feature
  /// What a program for the architecture has code for, the most able first.
  ArrayRef<StringRef> variants;
};
} // namespace

static constexpr StringRef x86Variants[] = {"x86-64-v4+avx512vnni",
                                            "x86-64-v3+avxvnni", "x86-64-v3"};
static constexpr StringRef armVariants[] = {"aarch64+dotprod+i8mm",
                                            "aarch64+dotprod", "aarch64+neon"};

static Architecture getArchitecture(const Triple &triple) {
  if (triple.isAArch64())
    return {"generic", "generic", quipu::getCpuFeatures("aarch64"), "neon",
            armVariants};
  return {"x86-64", "x86-64-v2", quipu::getCpuFeatures("x86_64"), "64bit",
          x86Variants};
}

static const llvm::Target *lookUp(const Triple &triple) {
  static const bool registered = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    return true;
  }();
  (void)registered;
  std::string error;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    reportFatalInternalError("LLVM lacks a target: " + Twine(error));
  return target;
}

static Triple getHost() { return Triple(sys::getDefaultTargetTriple()); }

/// The architectures that programs can be for, the host's first.
static std::array<Triple, 2> getTriples() {
  Triple host = getHost();
  return {host,
          Triple(host.isAArch64() ? "x86_64-linux-gnu" : "aarch64-linux-gnu")};
}

static std::unique_ptr<MCSubtargetInfo>
createSubtarget(const Triple &triple, StringRef processor, StringRef features) {
  return std::unique_ptr<MCSubtargetInfo>(
      lookUp(triple)->createMCSubtargetInfo(triple, processor, features));
}

/// The processors of the triple, without those of its 32-bit ancestors. Arm has
/// no name for the least of them.
static std::vector<StringRef> getProcessors(const Triple &triple) {
  auto any = createSubtarget(triple, getArchitecture(triple).baseline, "");
  StringRef required = getArchitecture(triple).required;
  std::vector<StringRef> names;
  if (triple.isAArch64())
    names.push_back("aarch64");
  for (const SubtargetSubTypeKV &entry : any->getAllProcessorDescriptions()) {
    auto one = createSubtarget(triple, entry.Key, "");
    if (one->checkFeatures(("+" + required).str()))
      names.push_back(entry.Key);
  }
  return names;
}

static std::string getHostFeatures() {
  std::vector<std::string> features;
  for (const auto &feature : sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  return join(features, ",");
}

Expected<quipu::Target> quipu::Target::create(StringRef name) {
  Target target;
  target.name = name.str();
  target.triple = getHost();

  auto [processor, suffix] = name.split('+');
  std::string features;
  if (processor == "native") {
    target.processor = sys::getHostCPUName().str();
    features = getHostFeatures();
  } else if (processor == "reference" || target.isGpu()) {
    target.processor = getArchitecture(target.triple).reference.str();
  } else {
    std::vector<StringRef> all;
    for (const Triple &triple : getTriples()) {
      std::vector<StringRef> known = getProcessors(triple);
      all.insert(all.end(), known.begin(), known.end());
      if (!is_contained(known, processor))
        continue;
      target.triple = triple;
      target.processor = processor == "aarch64" ? "generic" : processor.str();
      break;
    }
    if (target.processor.empty())
      return createStringError("the target '" + processor +
                               "' is unknown; there are native, reference, the "
                               "GPUs " +
                               join(getGpuChips(), ", ") +
                               " and the processors " + join(all, ", "));
  }
  Architecture architecture = getArchitecture(target.triple);

  SmallVector<StringRef> added;
  if (!suffix.empty() || name.ends_with("+"))
    suffix.split(added, '+');
  for (StringRef feature : added) {
    if (!is_contained(architecture.features, feature))
      return createStringError("the target '" + name + "' asks for '" +
                               feature +
                               "', which is not one of the features " +
                               join(architecture.features, ", "));
    features += (features.empty() ? "+" : ",+") + feature.str();
  }

  auto subtarget = createSubtarget(target.triple, target.processor, features);
  for (const SubtargetFeatureKV &entry :
       subtarget->getEnabledProcessorFeatures())
    if (is_contained(architecture.features, entry.Key))
      target.features.push_back(entry.Key);
  sort(target.features);
  return target;
}

quipu::Target quipu::Target::create(mlir::Attribute attribute) {
  auto cpu = mlir::dyn_cast<CpuAttr>(attribute);
  if (!cpu) {
    auto gpu = mlir::dyn_cast<GpuAttr>(attribute);
    return cantFail(create(gpu ? gpu.getChip().getValue() : "reference"));
  }
  Target target;
  target.name = cpu.getName().str();
  for (const Triple &triple : getTriples())
    if (triple.getArchName() == cpu.getArch().getValue())
      target.triple = triple;
  target.processor = cpu.getTune().str();
  target.features = cpu.getFeatureNames();
  return target;
}

Expected<std::vector<quipu::Target>>
quipu::Target::createVariants(StringRef name) {
  SmallVector<StringRef> names{name};
  for (const Triple &triple : getTriples())
    if (name == (triple.isAArch64() ? "aarch64" : "x86-64"))
      names = llvm::to_vector(getArchitecture(triple).variants);
  std::vector<Target> variants;
  for (StringRef variant : names) {
    Expected<Target> target = create(variant);
    if (!target)
      return target.takeError();
    variants.push_back(std::move(*target));
  }
  return variants;
}

bool quipu::Target::isGpu() const {
  return is_contained(getGpuChips(), StringRef(name));
}

bool quipu::Target::isCross() const {
  return triple.getArch() != getHost().getArch();
}

StringRef quipu::Target::getKernelProcessor() const {
  return isGpu() ? name : processor;
}

int64_t quipu::Target::getVectorLanes() const {
  return isGpu() ? 32 : getVectorBits(triple.getArchName(), features) / 32;
}

mlir::Attribute quipu::Target::getAttribute(mlir::MLIRContext *context) const {
  if (isReference())
    return ReferenceAttr::get(context);
  if (isGpu())
    return GpuAttr::get(context, mlir::StringAttr::get(context, name));
  return CpuAttr::getWithAll(context, name, triple.getArchName(), processor,
                             features);
}

std::string quipu::Target::getRequiredFeatures() const {
  return join(features, ",");
}

std::string quipu::Target::getDescription() const {
  return StringRef(name).starts_with("native") ? name + " (" + processor + ")"
                                               : name;
}

/// "+avx2,+fma".
static std::string getFeatureString(const quipu::Target &target) {
  std::string text;
  for (const std::string &feature : target.features)
    text += (text.empty() ? "+" : ",+") + feature;
  return text;
}

std::unique_ptr<TargetMachine> quipu::Target::createMachine() const {
  TargetOptions options;
  options.FunctionSections = options.DataSections = true;
  return std::unique_ptr<TargetMachine>(lookUp(triple)->createTargetMachine(
      triple, getArchitecture(triple).baseline, getFeatureString(*this),
      options, Reloc::PIC_, CodeModel::Small, CodeGenOptLevel::Aggressive));
}

void quipu::Target::setAttributes(Function &function) const {
  function.addFnAttr("target-cpu", getArchitecture(triple).baseline);
  function.addFnAttr("tune-cpu", processor);
  function.addFnAttr("target-features", getFeatureString(*this));
}
