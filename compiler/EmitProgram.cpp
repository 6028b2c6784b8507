//===- EmitProgram.cpp - From stage `llvm` to the finished file -----------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/EmitProgram.h"
#include "compiler/emit/CodeParts.h"
#include "compiler/emit/EmitCode.h"
#include "compiler/link/RuntimeFiles.h"
#include "compiler/link/WeightsSection.h"
#include "support/OutputFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quipu;

/// Whether the header stands there already.
static bool isHeader(const OutputPlace &place) {
  if (place.kind != OutputPlace::File)
    return false;
  auto file = MemoryBuffer::getFile(place.path);
  return file && (*file)->getBuffer() == publicHeader;
}

/// The header beside a library.
static Error openHeader(StringRef library, OutputFile &header) {
  std::string path = getHeaderPath(library);
  if (path.empty())
    return Error::success();
  OutputPlace place;
  std::string error = place.examine(path, /*standardOutput=*/false);
  if (!error.empty())
    return createStringError(error);
  if (isHeader(place))
    return Error::success();
  if (place.inode)
    return createStringError("the header of the library would replace '" +
                             path +
                             "', which is another file; move that away, or "
                             "give the library another folder");
  error = header.open(path);
  if (error.empty())
    error = header.write(publicHeader);
  return error.empty() ? Error::success() : createStringError(error);
}

std::string quipu::getHeaderPath(StringRef library) {
  OutputPlace place;
  if (!place.examine(library.str(), /*standardOutput=*/true).empty() ||
      place.kind != OutputPlace::File)
    return "";
  SmallString<128> path(library);
  sys::path::remove_filename(path);
  sys::path::append(path, "quipu.h");
  return path.str().str();
}

Expected<uint64_t> quipu::emitProgram(const ProgramParts &parts,
                                      const LinkOptions &link, Report report,
                                      Warn warn) {
  // First of all, so that a wrong output is not found after minutes.
  OutputFile program, header;
  if (std::string error = program.open(
          link.output, {.executable = true, .standardOutput = true});
      !error.empty())
    return createStringError(error);
  bool isLibrary = link.kind == ProgramKind::Library;
  if (isLibrary)
    if (Error error = openHeader(link.output, header))
      return std::move(error);

  Expected<PackedWeights> weights = findWeights(parts);
  if (!weights)
    return weights.takeError();
  const Target &target = parts.variants[0].target;
  std::vector<std::string> objects;
  {
    LLVMContext context;
    report("compiling steps", 0);
    Expected<std::unique_ptr<Module>> code =
        buildCode(parts, *weights, context);
    if (!code)
      return code.takeError();
    Expected<std::vector<std::string>> compiled = emitObjects(**code, target);
    if (!compiled)
      return compiled.takeError();
    objects = std::move(*compiled);
  }
  report("linking", 0.6);
  Expected<std::string> linked = linkProgram(objects, target, link);
  if (!linked)
    return linked.takeError();
  if (parts.randomSeed) {
    if (std::string error = program.write(*linked); !error.empty())
      return createStringError(error);
  } else if (Error error = writeProgram(
                 std::move(*linked), *weights, program,
                 [&](uint64_t done, uint64_t total) {
                   report("packing weights",
                          0.6 + 0.4 * static_cast<double>(done) /
                                    static_cast<double>(total));
                 },
                 warn))
    return std::move(error);
  std::string error = program.keep();
  if (error.empty() && header.size() > 0)
    error = header.keep();
  if (!error.empty())
    return createStringError(error);
  return program.size();
}

Expected<std::string> quipu::emitAssembly(const ProgramParts &parts) {
  Expected<PackedWeights> weights = findWeights(parts);
  if (!weights)
    return weights.takeError();
  LLVMContext context;
  Expected<std::unique_ptr<Module>> code = buildCode(parts, *weights, context);
  if (!code)
    return code.takeError();
  return emitAssembly(**code, parts.variants[0].target);
}
