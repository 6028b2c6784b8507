//===- LinkProgram.cpp - From objects to the finished file ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/LinkProgram.h"
#include "abi/Symbols.h"
#include "compiler/link/RuntimeFiles.h"
#include "compiler/link/WeightsSection.h"
#include "compiler/target/Target.h"
#include "support/Subprocess.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
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

/// So that it is no option, and the same from all folders.
static Expected<std::string> makeAbsolute(StringRef path) {
  SmallString<128> absolute(path);
  if (std::error_code error = sys::fs::make_absolute(absolute))
    return createStringError(error, "cannot find the current folder: " +
                                        error.message());
  return absolute.str().str();
}

/// Clang with LLD, or whatever the system calls its compiler.
static Expected<std::string> findDriver() {
  for (StringRef name :
       {"clang++-22", QUIPU_LLVM_TOOLS "/clang++", "clang++", "c++"})
    // A path is given back though there may be nothing.
    if (ErrorOr<std::string> path = sys::findProgramByName(name);
        path && sys::fs::can_execute(*path))
      return makeAbsolute(*path);
  return createStringError("there is no linker: neither clang++-22, clang++ "
                           "nor c++ is in PATH; install clang-22 and lld-22");
}

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

static Expected<std::string> runLinker(Command command, LinkerFiles &files,
                                       const Target &target, StringRef output) {
  command.shared = {files.exports.descriptor(), files.script.descriptor()};
  for (const MemoryFile &object : files.objects)
    command.shared.push_back(object.descriptor());
  command.output = files.linked.descriptor();
  // LLD removes a file of the name "-" first, which cannot be there.
  command.folder = "/proc";
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
  Expected<std::string> driver = findDriver();
  if (!driver)
    return driver.takeError();
  LinkerFiles files;
  if (Error error = files.create(objects))
    return std::move(error);

  Command command{*driver, {"-fuse-ld=lld", "-o", "-"}};
  auto add = [&](std::initializer_list<std::string> more) {
    command.arguments.insert(command.arguments.end(), more);
  };
  if (target.isCross())
    add({"--target=" + target.triple.str()});
  for (const MemoryFile &object : files.objects)
    add({object.path()});
  if (!target.triple.isX86())
    add({files.script.path()});
  if (isExecutable) {
    // The driver of a GPU is a shared library that is opened by name.
    if (target.isGpu())
      add({"-pie", "-static-libstdc++", "-static-libgcc", "-Wl,--as-needed"});
    else
      add({"-static-pie"});
    // libc expects `_end` near its code: before the weights, which follow all
    // other data at the beginning of a page.
    if (target.triple.isX86() && options.hasWeights)
      add({std::string("-Wl,--defsym=_end=") + abi::weightsSymbol});
  } else {
    // The name may have commas, where -Wl would cut it.
    add({"-shared", "-static-libstdc++", "-static-libgcc", "-Xlinker",
         "--soname=" + sys::path::filename(options.output).str(),
         "-Wl,-u,quipu_create",
         "-Wl,--version-script=" + files.exports.path()});
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
    add({*path});
  }
  // The names of functions stay, for profilers. More than 2 GB of weights fit
  // only behind everything that code refers to.
  add({"-pthread", "-Wl,--gc-sections", "-Wl,--strip-debug", "-Wl,-z,relro",
       "-Wl,-z,lrodata-after-bss", "-Wl,-z,now", "-Wl,-z,noexecstack"});
  return runLinker(std::move(command), files, target, options.output);
}
