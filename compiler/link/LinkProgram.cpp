//===- LinkProgram.cpp - From objects to the finished file ----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/link/LinkProgram.h"
#include "compiler/link/RuntimeFiles.h"
#include "compiler/link/WeightsSection.h"
#include "compiler/target/Target.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

using namespace llvm;
using namespace quipu;

static Error cannotWrite(StringRef path, std::error_code error) {
  return createStringError("cannot write '" + path + "': " + error.message());
}

Expected<TemporaryFile> TemporaryFile::create(StringRef output,
                                              StringRef suffix) {
  if (sys::fs::is_directory(output))
    return cannotWrite(output, std::make_error_code(std::errc::is_a_directory));
  SmallString<128> model(output), path;
  sys::path::remove_filename(model);
  sys::path::append(model,
                    "." + sys::path::filename(output) + "-%%%%%%%%" + suffix);
  int descriptor;
  if (std::error_code error =
          sys::fs::createUniqueFile(model, descriptor, path))
    return cannotWrite(output, error);
  sys::fs::file_t handle = sys::fs::convertFDToNativeFile(descriptor);
  (void)sys::fs::closeFile(handle);
  sys::RemoveFileOnSignal(path);
  return TemporaryFile(output, path);
}

TemporaryFile::TemporaryFile(TemporaryFile &&other)
    : output(std::move(other.output)), path(std::move(other.path)) {
  other.path.clear();
}

TemporaryFile::~TemporaryFile() {
  if (path.empty())
    return;
  (void)sys::fs::remove(path);
  sys::DontRemoveFileOnSignal(path);
}

Error TemporaryFile::write(function_ref<Error(raw_fd_ostream &)> write) {
  return open(sys::fs::CD_CreateAlways, write);
}

Error TemporaryFile::update(function_ref<Error(raw_fd_ostream &)> write) {
  return open(sys::fs::CD_OpenExisting, write);
}

Error TemporaryFile::open(sys::fs::CreationDisposition disposition,
                          function_ref<Error(raw_fd_ostream &)> write) {
  std::error_code error;
  raw_fd_ostream stream(path, error, disposition);
  if (error)
    return cannotWrite(output, error);
  stream.SetBufferSize(1 << 20);
  Error failure = write(stream);
  stream.close();
  if (!stream.has_error())
    return failure;
  consumeError(std::move(failure));
  error = stream.error();
  stream.clear_error();
  return cannotWrite(output, error);
}

Error TemporaryFile::keep() {
  if (std::error_code error = sys::fs::rename(path, output))
    return cannotWrite(output, error);
  sys::DontRemoveFileOnSignal(path);
  path.clear();
  return Error::success();
}

std::string quipu::findRuntimeFolder(const char *argv0, void *mainAddress) {
  SmallString<128> folder(sys::fs::getMainExecutable(argv0, mainAddress));
  sys::path::remove_filename(folder);
  sys::path::append(folder, "..", "lib");
  sys::path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

/// What Debian calls the libraries of programs for other machines.
static constexpr char crossPackage[] = "libstdc++-12-dev-arm64-cross";

/// Clang with LLD, or whatever the system calls its compiler.
static Expected<std::string> findDriver() {
  for (StringRef name :
       {"clang++-22", QUIPU_LLVM_TOOLS "/clang++", "clang++", "c++"})
    if (ErrorOr<std::string> path = sys::findProgramByName(name))
      return *path;
  return createStringError("there is no linker: neither clang++-22, clang++ "
                           "nor c++ is in PATH; install clang-22 and lld-22");
}

/// The first line of what the linker says, without its own name.
static std::string getReason(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  StringRef text = buffer ? (*buffer)->getBuffer() : "";
  StringRef line = text.ltrim().split('\n').first;
  auto [before, after] = line.split("error: ");
  line = (after.empty() ? line : after).rtrim();
  return line.empty() ? "it does not say why" : line.str();
}

static Error runLinker(ArrayRef<std::string> arguments, const Target &target,
                       StringRef output) {
  // Not beside the output, whose disk may be full.
  SmallString<128> messages;
  if (std::error_code error =
          sys::fs::createTemporaryFile("quipu", "txt", messages))
    return cannotWrite(messages, error);
  FileRemover remover(messages);
  SmallVector<StringRef> words(arguments.begin(), arguments.end());
  std::string reason;
  int status =
      sys::ExecuteAndWait(words[0], words, std::nullopt,
                          {"", messages.str(), messages.str()}, 0, 0, &reason);
  if (status == 0)
    return Error::success();
  if (reason.empty())
    reason = getReason(messages);
  if (target.isCross() && StringRef(reason).contains("crt1.o"))
    reason = "the C library for " + target.triple.getArchName().str() +
             " is missing; install " + crossPackage;
  return createStringError("cannot link '" + output + "': " + reason);
}

/// LLD writes through a memory map, where a full disk is a crash.
static Error checkSpace(StringRef object, StringRef file, StringRef output) {
  uint64_t needed = 0;
  (void)sys::fs::file_size(object, needed);
  needed += 4 << 20; // for the runtime and the C library
  ErrorOr<sys::fs::space_info> space = sys::fs::disk_space(file);
  if (!space || space->available >= needed)
    return Error::success();
  return cannotWrite(output,
                     std::make_error_code(std::errc::no_space_on_device));
}

static Expected<TemporaryFile>
createTextFile(StringRef output, StringRef suffix, StringRef text) {
  Expected<TemporaryFile> file = TemporaryFile::create(output, suffix);
  if (!file)
    return file;
  if (Error error = file->write([&](raw_fd_ostream &to) {
        to << text;
        return Error::success();
      }))
    return std::move(error);
  return file;
}

/// The header beside a library.
static Error writeHeader(StringRef library) {
  SmallString<128> path(library);
  sys::path::remove_filename(path);
  sys::path::append(path, "quipu.h");
  Expected<TemporaryFile> header = createTextFile(path, ".h", publicHeader);
  if (!header)
    return header.takeError();
  return header->keep();
}

Error quipu::linkProgram(ProgramKind kind, StringRef object,
                         const Target &target, StringRef runtimeFolder,
                         StringRef output,
                         function_ref<Error(TemporaryFile &)> finish) {
  Expected<std::string> driver = findDriver();
  if (!driver)
    return driver.takeError();
  Expected<TemporaryFile> file = TemporaryFile::create(output, "");
  if (!file)
    return file.takeError();
  Expected<TemporaryFile> exports =
      createTextFile(output, ".exports", publicExports);
  if (!exports)
    return exports.takeError();
  Expected<TemporaryFile> script = createTextFile(output, ".ld", weightsScript);
  if (!script)
    return script.takeError();

  std::vector<std::string> arguments = {*driver, "-fuse-ld=lld", "-o",
                                        file->getPath().str()};
  auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  if (target.isCross())
    add({"--target=" + target.triple.str()});
  arguments.push_back(object.str());
  if (!target.triple.isX86())
    arguments.push_back(script->getPath().str());
  SmallVector<StringRef> libraries;
  if (target.isReference())
    libraries.push_back("libquipu-reference.a");
  libraries.push_back("libquipu-runtime.a");
  if (kind == ProgramKind::Executable) {
    libraries.insert(libraries.begin(), "libquipu-runtime-main.a");
    add({"-static-pie"});
    // libc expects `_end` near its code: before the weights, which follow all
    // other data at the beginning of a page.
    if (target.triple.isX86())
      add({"-Wl,--defsym=_end=quipu_weights"});
  } else {
    add({"-shared", "-static-libstdc++", "-static-libgcc",
         "-Wl,-soname," + sys::path::filename(output).str(),
         "-Wl,-u,quipu_create",
         "-Wl,--version-script=" + exports->getPath().str()});
  }
  for (StringRef name : libraries) {
    SmallString<128> path(runtimeFolder);
    if (target.isCross())
      sys::path::append(path, target.triple.getArchName());
    sys::path::append(path, name);
    if (!sys::fs::exists(path) && target.isCross())
      return createStringError("the runtime library '" + path +
                               "' is missing: quipu was built without a C++ "
                               "library for " +
                               target.triple.getArchName() + "; install " +
                               crossPackage + " and build it again");
    if (!sys::fs::exists(path))
      return createStringError("the runtime library '" + path +
                               "' is missing; it belongs to quipu, install it "
                               "again");
    arguments.push_back(path.str().str());
  }
  // The names of functions stay, for profilers. More than 2 GB of weights fit
  // only behind everything that code refers to.
  add({"-pthread", "-Wl,--gc-sections", "-Wl,--strip-debug", "-Wl,-z,relro",
       "-Wl,-z,lrodata-after-bss", "-Wl,-z,now", "-Wl,-z,noexecstack"});
  if (Error error = checkSpace(object, file->getPath(), output))
    return error;
  if (Error error = runLinker(arguments, target, output))
    return error;
  if (Error error = finish(*file))
    return error;
  if (kind == ProgramKind::Library)
    if (Error error = writeHeader(output))
      return error;
  return file->keep();
}
