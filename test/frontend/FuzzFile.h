//===- FuzzFile.h - A fuzzer's main function --------------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rest of a fuzzer that defines `parses`:
//
// usage: NAME-fuzzer SEED-FILE ROUNDS
//
// Mutates the seed file ROUNDS times, always in the same way, and parses the
// result. Built with -fsanitize=fuzzer and -DQUIPU_LIBFUZZER, libFuzzer drives
// the same function.
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_TEST_FRONTEND_FUZZFILE_H
#define QUIPU_TEST_FRONTEND_FUZZFILE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <random>

using namespace llvm;

/// Whether the bytes are a good file; reads all of it then.
static bool parses(StringRef bytes);

/// Ends the fuzzer unless the error is one sentence about the file "input".
inline void checkSentence(Error error) {
  std::string message = toString(std::move(error));
  if (!StringRef(message).starts_with("input: ") ||
      StringRef(message).contains('\n') ||
      !StringRef(message).contains(", expected "))
    report_fatal_error(Twine("not a sentence: ") + message);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  parses(StringRef(reinterpret_cast<const char *>(data), size));
  return 0;
}

#ifndef QUIPU_LIBFUZZER
int main(int argc, char **argv) {
  unsigned rounds;
  if (argc != 3 || StringRef(argv[2]).getAsInteger(10, rounds)) {
    errs() << "usage: " << argv[0] << " SEED-FILE ROUNDS\n";
    return 2;
  }
  ErrorOr<std::unique_ptr<MemoryBuffer>> seed = MemoryBuffer::getFile(argv[1]);
  if (!seed) {
    errs() << "quipu: error: " << argv[1] << ": " << seed.getError().message()
           << '\n';
    return 1;
  }
  StringRef good = (*seed)->getBuffer();
  if (!parses(good)) {
    errs() << "quipu: error: " << argv[1] << ": the seed file is broken\n";
    return 1;
  }

  std::mt19937_64 random(1);
  unsigned accepted = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    // A quarter of the rounds truncates; every round changes 1 to 4 places to
    // a random byte, one flipped bit, or eight bytes of 0x00 or 0xff.
    size_t size = round % 4 == 0 ? 1 + random() % good.size() : good.size();
    // Of the exact size, so that the sanitizer sees a read past the end.
    std::vector<char> bytes(good.begin(), good.begin() + size);
    for (unsigned change = 1 + random() % 4; change != 0; --change) {
      // More often near the front, where the descriptions are.
      size_t place = random() % (1 + random() % size);
      switch (random() % 3) {
      case 0:
        bytes[place] = static_cast<char>(random());
        break;
      case 1:
        bytes[place] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        std::fill_n(bytes.begin() + place, std::min<size_t>(8, size - place),
                    random() % 2 ? '\xff' : '\0');
        break;
      }
    }
    accepted += parses(StringRef(bytes.data(), bytes.size()));
  }
  outs() << rounds << " files, " << accepted << " accepted\n";
}
#endif

#endif // QUIPU_TEST_FRONTEND_FUZZFILE_H
