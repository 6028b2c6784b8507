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

  auto input = MemoryBuffer::getSTDIN();
  if (!input)
    return fail("standard input: " + input.getError().message());
  std::string ids;
  raw_string_ostream out(ids);
  for (StringRef rest = (*input)->getBuffer(); !rest.empty();) {
    auto [line, behind] = rest.split('\n');
    interleave(tokenizer.encode(line, {.parseSpecial = true}), out, " ");
    out << '\n';
    rest = behind;
  }
  std::string error = writeFile("-", ids, {.standardOutput = true});
  return error.empty() ? success() : fail(error);
}
