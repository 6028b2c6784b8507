//===- tokenizer-fuzzer.cpp - Broken tokenizers and texts -----------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: tokenizer-fuzzer SEED.gguf ROUNDS
//
// Encodes ROUNDS arbitrary texts with the seed's tokenizer, and a text with the
// tokenizer of each of ROUNDS mutated seeds; always the same ones. Built with
// -fsanitize=fuzzer and -DQUIPU_LIBFUZZER, libFuzzer makes a tokenizer.json,
// behind which a zero byte and a text of its own may stand.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "runtime/text/Tokenizer.h"
#include "support/Utf8.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"
#include <random>

using namespace llvm;
using namespace quipu;

/// 64-byte aligned memory that ends where the image does.
struct Image {
  explicit Image(const std::vector<uint8_t> &bytes)
      : memory(static_cast<uint8_t *>(std::aligned_alloc(64, bytes.size()))),
        size(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), memory);
  }
  Image(const Image &) = delete;
  ~Image() { std::free(memory); }

  uint8_t *memory;
  size_t size;
};

/// `whole`: the vocabulary has a token for every byte.
static void encode(const Image &image, std::string_view text, bool whole) {
  Tokenizer tokenizer(image.memory, image.size);
  std::string repaired;
  appendAsUtf8(repaired, text);
  for (bool parseSpecial : {false, true}) {
    std::vector<int32_t> ids = tokenizer.encode(
        text, {.addSpecial = false, .parseSpecial = parseSpecial});
    if (whole && tokenizer.decode(ids, /*showControl=*/true) != repaired)
      report_fatal_error("the text was not given back");
    Utf8Stream stream;
    for (int32_t id : ids)
      if (!isUtf8(stream.push(tokenizer.bytes(id))))
        report_fatal_error("half a character was printed");
    if (!isUtf8(stream.flush()))
      report_fatal_error("half a character was printed at the end");
  }
}

#ifdef QUIPU_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef input(reinterpret_cast<const char *>(data), size);
  auto [json, text] = input.split('\0');
  Expected<TokenizerDescription> read = readTokenizerJson("input", json);
  Expected<std::vector<uint8_t>> built =
      read ? writeTokenizerImage(std::move(*read)) : read.takeError();
  if (!built) {
    std::string message = toString(built.takeError());
    if (message.empty() || StringRef(message).count('\n') > json.count('\n'))
      report_fatal_error(Twine("not a sentence: ") + message);
    return 0;
  }
  Image image(*built);
  for (StringRef each :
       {text, StringRef(), StringRef("The 12 cats'll <s> \xF0\x9F\x98\x80\r\n"),
        StringRef("\xE4\xB8\xAD\xE6\x96\x87 \xC3\xA9\xCC\x81\xFF")})
    encode(image, each, /*whole=*/false);
  return 0;
}
#else
static Expected<std::vector<uint8_t>> build(StringRef bytes) {
  Expected<std::unique_ptr<GgufFile>> file =
      parseGguf(MemoryBuffer::getMemBuffer(bytes, "input",
                                           /*RequiresNullTerminator=*/false));
  if (!file)
    return file.takeError();
  const CheckpointTensor *embedding = (*file)->findTensor("token_embd.weight");
  return buildTokenizerImage(**file, embedding ? embedding->shape[0] : 0);
}

static std::string makeText(std::mt19937_64 &random) {
  static constexpr std::string_view pieces[] = {
      "the", " ",    "\n", "'ll",          "12",         "é",
      "中",  "\xF0", "😀", "<|im_start|>", "<|im_end|>", "\r\n"};
  std::string text;
  for (size_t count = random() % 40; count != 0; --count)
    if (random() % 2)
      text += pieces[random() % std::size(pieces)];
    else
      text += char(random());
  return text;
}

int main(int argc, char **argv) {
  unsigned rounds;
  if (argc != 3 || StringRef(argv[2]).getAsInteger(10, rounds)) {
    errs() << "usage: tokenizer-fuzzer SEED.gguf ROUNDS\n";
    return 2;
  }
  ExitOnError exitOnError("quipu: error: ");
  std::unique_ptr<MemoryBuffer> file =
      exitOnError(errorOrToExpected(MemoryBuffer::getFile(argv[1])));
  StringRef seed = file->getBuffer();
  Image image(exitOnError(build(seed)));

  std::mt19937_64 random(1);
  for (unsigned round = 0; round < rounds; ++round)
    encode(image, makeText(random), /*whole=*/true);

  unsigned accepted = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    std::string mutated = seed.str();
    for (unsigned change = 1 + random() % 3; change != 0; --change)
      mutated[random() % mutated.size()] = char(random());
    Expected<std::vector<uint8_t>> built = build(mutated);
    if (!built) {
      std::string message = toString(built.takeError());
      if (!StringRef(message).starts_with("input: ") ||
          StringRef(message).count('\n') > StringRef(mutated).count('\n'))
        report_fatal_error(Twine("not a sentence: ") + message);
      continue;
    }
    if (built->empty())
      continue;
    encode(Image(*built), makeText(random), /*whole=*/false);
    ++accepted;
  }
  outs() << rounds << " texts, " << rounds << " tokenizers, " << accepted
         << " accepted\n";
}
#endif
