//===- CodeParts.cpp - Code that threads compile side by side -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's passes take most of the time of a build whose kernels are known. They
// work on one function at a time, but a context belongs to one thread: the
// functions are dealt out to modules, each of which is written as bitcode and
// read into a context of its own.
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/CodeParts.h"
#include "compiler/emit/Optimize.h"
#include "compiler/target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;
using namespace quipu;

/// As many on every machine, so that the program has the same bytes.
static constexpr unsigned maxParts = 8;

/// Whether functions refer to it, and not only data.
static bool isUsedByCode(const Value &value) {
  return any_of(value.users(), [](const User *user) {
    return isa<Instruction>(user) ||
           (!isa<GlobalValue>(user) && isUsedByCode(*user));
  });
}

/// Lets a part refer to what another one defines. A dot keeps the names apart
/// from those of the runtime.
static void makeHidden(Module &module) {
  for (GlobalValue &value : module.global_values()) {
    if (!value.hasLocalLinkage() ||
        !(isa<Function>(value) || isUsedByCode(value)))
      continue;
    value.setLinkage(GlobalValue::ExternalLinkage);
    value.setVisibility(GlobalValue::HiddenVisibility);
    if (!value.getName().contains('.'))
      value.setName("quipu." + value.getName());
  }
}

/// The part of each definition: functions go to the one with the fewest
/// instructions, the largest first; all data is in the first.
static DenseMap<const GlobalValue *, unsigned> dealOut(const Module &module,
                                                       unsigned parts) {
  std::vector<const Function *> functions;
  for (const Function &function : module)
    if (!function.isDeclaration())
      functions.push_back(&function);
  auto getSize = [](const Function *function) {
    return std::pair(function->getInstructionCount(), function->getName());
  };
  sort(functions, [&](const Function *a, const Function *b) {
    return getSize(b) < getSize(a);
  });
  DenseMap<const GlobalValue *, unsigned> partOf;
  SmallVector<size_t> sizes(parts);
  for (const Function *function : functions) {
    auto *lightest = min_element(sizes);
    partOf[function] = lightest - sizes.begin();
    *lightest += function->getInstructionCount();
  }
  return partOf;
}

static std::string writeBitcode(const Module &module) {
  std::string bitcode;
  raw_string_ostream stream(bitcode);
  WriteBitcodeToFile(module, stream);
  return bitcode;
}

static std::vector<std::string> split(Module &module) {
  makeHidden(module);
  auto isDefinition = [](const Function &function) {
    return !function.isDeclaration();
  };
  unsigned parts =
      std::clamp<unsigned>(count_if(module, isDefinition), 1, maxParts);
  DenseMap<const GlobalValue *, unsigned> partOf = dealOut(module, parts);
  std::vector<std::string> bitcode;
  for (unsigned part = 0; part < parts; ++part) {
    ValueToValueMapTy values;
    std::unique_ptr<Module> copy =
        CloneModule(module, values, [&](const GlobalValue *value) {
          return partOf.lookup(value) == part;
        });
    // It defines data.
    if (part > 0)
      copy->setModuleInlineAsm("");
    bitcode.push_back(writeBitcode(*copy));
  }
  return bitcode;
}

static Expected<std::unique_ptr<Module>> read(StringRef bitcode,
                                              LLVMContext &context) {
  return parseBitcodeFile(MemoryBufferRef(bitcode, "part"), context);
}

using Writer = function_ref<Error(Module &module, std::string &to)>;

/// Optimises a part and replaces its bitcode by what `write` makes of it.
static Error compilePart(std::string &part, const quipu::Target &target,
                         Writer write) {
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module = read(part, context);
  if (!module)
    return module.takeError();
  optimize(**module, target);
  part.clear();
  return write(**module, part);
}

static Error compile(std::vector<std::string> &parts,
                     const quipu::Target &target, Writer write) {
  DefaultThreadPool threads(hardware_concurrency());
  std::vector<std::string> failures(parts.size());
  for (auto [part, failure] : zip_equal(parts, failures))
    threads.async([&part, &failure, &target, write] {
      failure = toString(compilePart(part, target, write));
    });
  threads.wait();
  for (StringRef failure : failures)
    if (!failure.empty())
      return createStringError(failure);
  return Error::success();
}

Expected<std::vector<std::string>> quipu::emitObjects(Module &code,
                                                      const Target &target) {
  std::vector<std::string> parts = split(code);
  Error error =
      compile(parts, target, [&](Module &module, std::string &object) {
        SmallString<0> bytes;
        raw_svector_ostream stream(bytes);
        Error error =
            emitMachineCode(module, target, MachineOutput::Object, stream);
        object = bytes.str();
        return error;
      });
  if (error)
    return std::move(error);
  return parts;
}

Expected<std::string> quipu::emitAssembly(Module &code, const Target &target) {
  std::vector<std::string> parts = split(code);
  if (Error error = compile(parts, target, [](Module &module, std::string &to) {
        to = writeBitcode(module);
        return Error::success();
      }))
    return std::move(error);
  LLVMContext context;
  std::unique_ptr<Module> whole;
  for (const std::string &part : parts) {
    Expected<std::unique_ptr<Module>> module = read(part, context);
    if (!module)
      return module.takeError();
    if (!whole)
      whole = std::move(*module);
    else if (Linker::linkModules(*whole, std::move(*module)))
      return createStringError("the parts of the code do not fit each other");
  }
  // In the order of the stages before.
  for (const Function &function : code)
    if (Function *compiled = whole->getFunction(function.getName())) {
      compiled->removeFromParent();
      whole->getFunctionList().push_back(compiled);
    }
  SmallString<0> text;
  raw_svector_ostream stream(text);
  if (Error error =
          emitMachineCode(*whole, target, MachineOutput::Assembly, stream))
    return std::move(error);
  return text.str().str();
}
