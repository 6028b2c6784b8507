//===- Tokenize.cpp - Try a tokenizer without a model ---------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Tokenize.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "compiler/tools/Diagnostics.h"
#include "runtime/text/Tokenizer.h"
#include "support/InputText.h"
#include "support/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

LogicalResult quipu::tokenize(StringRef path) {
  Expected<std::vector<uint8_t>> bytes =
      buildTokenizerImage(path, [](const Twine &warning) { warn(warning); });
  if (!bytes)
    return fail(bytes.takeError());
  auto image = WritableMemoryBuffer::getNewUninitMemBuffer(
      bytes->size(), "tokenizer", Align(64));
  llvm::copy(*bytes, image->getBufferStart());
  Tokenizer tokenizer(image->getBufferStart(), bytes->size());

  OutputFile out;
  std::string error = out.open("-", {.standardOutput = true});
  InputLines lines;
  for (std::string line; error.empty() && lines.read(line);) {
    std::string ids;
    raw_string_ostream os(ids);
    interleave(tokenizer.encode(line, {.parseSpecial = true}), os, " ");
    error = out.write(ids + "\n");
  }
  if (error.empty())
    error = lines.error();
  if (error.empty())
    error = out.keep();
  return error.empty() ? success() : fail(error);
}
