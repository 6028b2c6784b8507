//===- LinkProgram.cpp - From objects to the finished file ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/LinkProgram.h"
#include "abi/Symbols.h"
#include "compiler/link/RuntimeFiles.h"
#include "compiler/link/Toolchain.h"
#include "compiler/link/WeightsSection.h"
#include "compiler/target/Target.h"
#include "support/Subprocess.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <sys/resource.h>

using namespace llvm;
using namespace quipu;

std::string quipu::findRuntimeFolder(const char *argv0, void *mainAddress) {
  SmallString<128> folder(sys::fs::getMainExecutable(argv0, mainAddress));
  sys::path::remove_filename(folder);
  sys::path::append(folder, "..", "lib");
  sys::path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

/// What Debian calls the libraries of programs for other machines.
static constexpr char crossPackage[] = "libstdc++-12-dev-arm64-cross";

/// The first line of what the linker says, without its own name.
static StringRef getReason(StringRef messages) {
  StringRef line = messages.ltrim().split('\n').first;
  auto [before, after] = line.split("error: ");
  line = (after.empty() ? line : after).rtrim();
  return line.empty() ? "it does not say why" : line;
}

/// Whether the linker had to stop at what a file may have. It does not say so.
static bool isCutOff(StringRef linked) {
  rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         linked.size() >= limit.rlim_cur;
}

namespace {
/// What the linker reads and writes: files without a name, which a full disk
/// does not concern, nothing is left of, and no option or pattern can hide in.
struct LinkerFiles {
  std::vector<MemoryFile> objects;
  MemoryFile exports, script, linked, messages;

  Error create(ArrayRef<std::string> code) {
    objects = std::vector<MemoryFile>(code.size());
    SmallVector<std::pair<MemoryFile *, StringRef>> files{
        {&exports, publicExports},
        {&script, weightsScript},
        {&linked, ""},
        {&messages, ""}};
    for (auto [object, content] : zip_equal(objects, code))
      files.push_back({&object, content});
    for (auto [file, content] : files) {
      std::string error = file->create();
      if (error.empty())
        error = file->write(content);
      if (!error.empty())
        return createStringError(error);
    }
    return Error::success();
  }
};
} // namespace

static Expected<std::string> runLinker(ProgramCall command, LinkerFiles &files,
                                       const Target &target, StringRef output) {
  command.shared = {files.exports.descriptor(), files.script.descriptor()};
  for (const MemoryFile &object : files.objects)
    command.shared.push_back(object.descriptor());
  command.output = files.linked.descriptor();
  command.errors = files.messages.descriptor();
  int status = 0;
  std::string linked, messages;
  std::string error = run(command, status);
  if (error.empty())
    error = files.linked.read(linked);
  if (error.empty())
    error = files.messages.read(messages);
  if (error.empty() && isCutOff(linked))
    error = "it is larger than files may be (ulimit -f)";
  if (error.empty() && status == 0)
    return linked;
  std::string reason = error.empty() ? getReason(messages).str() : error;
  if (target.isCross() && StringRef(reason).contains("crt1.o"))
    reason = "the C library for " + target.triple.getArchName().str() +
             " is missing; install " + crossPackage;
  return createStringError("cannot link '" + output + "': " + reason);
}

static Expected<std::string> findLibrary(StringRef name, StringRef folder,
                                         const Target &target) {
  SmallString<128> path(folder);
  if (target.isCross())
    sys::path::append(path, target.triple.getArchName());
  sys::path::append(path, name);
  if (sys::fs::exists(path))
    return makeAbsolute(path);
  std::string error = ("the runtime library '" + path + "' is missing").str();
  if (!target.isCross())
    return createStringError(error + "; it belongs to quipu, install it again");
  return createStringError(error +
                           ": quipu was built without a C++ library "
                           "for " +
                           target.triple.getArchName() + "; install " +
                           crossPackage + " and build it again");
}

Expected<std::string> quipu::linkProgram(ArrayRef<std::string> objects,
                                         const Target &target,
                                         const LinkOptions &options) {
  bool isExecutable = options.kind == ProgramKind::Executable;
  Expected<Toolchain> toolchain = Toolchain::find(options.runtimeFolder);
  if (!toolchain)
    return toolchain.takeError();
  LinkerFiles files;
  if (Error error = files.create(objects))
    return std::move(error);

  std::vector<std::string> inputs;
  for (const MemoryFile &object : files.objects)
    inputs.push_back(object.path());
  if (!target.triple.isX86())
    inputs.push_back(files.script.path());
  Linkage linkage = Linkage::Shared;
  if (isExecutable) {
    // The driver of a GPU is a shared library that is opened by name.
    linkage = target.isGpu() ? Linkage::Pie : Linkage::StaticPie;
    // libc expects `_end` near its code: before the weights, which follow all
    // other data at the beginning of a page.
    if (target.triple.isX86() && options.hasWeights)
      inputs.push_back(std::string("--defsym=_end=") + abi::weightsSymbol);
  } else {
    inputs.push_back("--soname=" + sys::path::filename(options.output).str());
    append_range(inputs, std::initializer_list<std::string>{
                             "--undefined=quipu_create",
                             "--version-script=" + files.exports.path()});
  }
  SmallVector<StringRef> libraries;
  if (isExecutable)
    libraries.push_back(mainLibrary);
  append_range(libraries, options.libraries);
  libraries.push_back(runtimeLibrary);
  for (StringRef name : libraries) {
    Expected<std::string> path =
        findLibrary(name, options.runtimeFolder, target);
    if (!path)
      return path.takeError();
    inputs.push_back(*path);
  }
  // The names of functions stay, for profilers. More than 2 GB of weights fit
  // only behind everything that code refers to.
  for (StringRef option :
       {"--as-needed", "--gc-sections", "--strip-debug", "-zrelro",
        "-zlrodata-after-bss", "-znow", "-znoexecstack"})
    inputs.push_back(option.str());
  return runLinker(toolchain->getCommand(linkage, target, inputs), files,
                   target, options.output);
}
