//===- Ptxas.cpp - NVIDIA's assembler -------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/codegen/gpu/Ptxas.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace quipu::gpu;

//===----------------------------------------------------------------------===//
// Where it is
//===----------------------------------------------------------------------===//

static std::optional<std::string> findIn(const Twine &folder) {
  SmallString<128> path;
  sys::path::append(path, folder, "ptxas");
  return sys::fs::can_execute(path) ? std::optional(path.str().str())
                                    : std::nullopt;
}

/// lib/python3.13/site-packages/nvidia/cu13/bin of the environment.
static std::optional<std::string> findInPython(StringRef environment) {
  std::error_code error;
  for (sys::fs::directory_iterator python(environment + "/lib", error), end;
       !error && python != end; python.increment(error)) {
    if (!sys::path::filename(python->path()).starts_with("python3"))
      continue;
    std::error_code none;
    for (sys::fs::directory_iterator package(
             python->path() + "/site-packages/nvidia", none);
         !none && package != end; package.increment(none))
      if (auto path = findIn(package->path() + "/bin"))
        return path;
  }
  return std::nullopt;
}

std::optional<std::string> quipu::gpu::findPtxas() {
  if (ErrorOr<std::string> path = sys::findProgramByName("ptxas"))
    return *path;
  if (std::optional<std::string> home = sys::Process::GetEnv("CUDA_HOME"))
    if (auto path = findIn(*home + "/bin"))
      return path;
  if (auto environment = sys::Process::GetEnv("VIRTUAL_ENV"))
    if (auto path = findInPython(*environment))
      return path;
  std::string compiler = sys::fs::getMainExecutable(
      nullptr, reinterpret_cast<void *>(&quipu::gpu::findPtxas));
  return findInPython(sys::path::parent_path(sys::path::parent_path(compiler)));
}

//===----------------------------------------------------------------------===//
// What it does
//===----------------------------------------------------------------------===//

/// An empty file that goes away with the value.
static Expected<std::unique_ptr<FileRemover>>
createFile(StringRef suffix, SmallString<128> &path) {
  if (std::error_code error =
          sys::fs::createTemporaryFile("quipu-kernels", suffix, path))
    return createStringError(error, "no temporary file: " + error.message());
  return std::make_unique<FileRemover>(path);
}

Expected<Assembled> quipu::gpu::runPtxas(StringRef ptxas, StringRef ptx,
                                         StringRef chip) {
  SmallString<128> input, output, report;
  auto inputFile = createFile("ptx", input);
  if (!inputFile)
    return inputFile.takeError();
  auto outputFile = createFile("cubin", output);
  if (!outputFile)
    return outputFile.takeError();
  auto reportFile = createFile("txt", report);
  if (!reportFile)
    return reportFile.takeError();
  if (Error error = writeToOutput(input, [&](raw_ostream &stream) {
        stream << ptx;
        return Error::success();
      }))
    return std::move(error);

  std::string arch = ("-arch=" + chip).str(), reason;
  int code = sys::ExecuteAndWait(
      ptxas, {ptxas, "-v", arch, input, "-o", output}, std::nullopt,
      {std::nullopt, StringRef(report), StringRef(report)},
      /*SecondsToWait=*/0, /*MemoryLimit=*/0, &reason);
  auto read = [](StringRef path) {
    auto buffer = MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  };
  std::string text = read(report);
  if (code != 0)
    return createStringError(
        ptxas + " cannot assemble the kernels for " + chip + ": " +
        (reason.empty() ? StringRef(text).split('\n').first : reason));
  Assembled assembled{read(output), findLosses(text)};
  if (!StringRef(assembled.cubin).starts_with("\177ELF"))
    return createStringError(ptxas + " has written no cubin for " + chip);
  return assembled;
}

std::vector<std::string> quipu::gpu::findLosses(StringRef report) {
  std::vector<std::string> losses;
  StringRef kernel;
  for (StringRef line : split(report, '\n')) {
    // ptxas info    : Compiling entry function 'decode_k' for 'sm_90a'
    if (line.contains("Compiling entry function"))
      kernel = line.split('\'').second.split('\'').first;
    // 0 bytes stack frame, 8 bytes spill stores, 16 bytes spill loads
    auto [stores, loads] = line.rsplit(" bytes spill stores, ");
    stores = stores.rsplit(' ').second;
    uint64_t bytes = 0;
    if (!stores.getAsInteger(10, bytes) && bytes > 0)
      losses.push_back(("the kernel '" + kernel + "' keeps " + stores +
                        " bytes of a thread's registers in memory, and loads " +
                        loads.split(' ').first + " from there")
                           .str());
    // ptxas info : (C7510) Potential Performance Loss: wgmma.mma_async ...
    if (StringRef loss = line.split("Performance Loss: ").second; !loss.empty())
      losses.push_back(loss.trim().str());
  }
  return losses;
}
