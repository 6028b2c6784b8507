//===- index-fuzzer.cpp - Feed broken indices to the reader ---------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: index-fuzzer FILE ROUNDS
//
// Reads ROUNDS mutations of an index, always the same ones, and searches those
// that are accepted. Built with -fsanitize=fuzzer and -DQUIPU_LIBFUZZER,
// libFuzzer drives it.
//
//===----------------------------------------------------------------------===//

#include "runtime/cli/RetrievalReport.h"
#include "runtime/engine/Workers.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

using namespace quipu;

[[noreturn]] static void die(const std::string &what) {
  std::cerr << what << '\n';
  abort();
}

/// Makes the checksum of the tables right, where there are any: what is behind
/// it must bear what others write, too.
static void seal(char *file, size_t size) {
  if (size < sizeof(IndexHeader))
    return;
  IndexHeader header;
  memcpy(&header, file, sizeof(header));
  constexpr uint64_t most = uint64_t(1) << 40;
  if (header.passageCount > most || header.fileCount > most ||
      header.textBytes > most || header.dimensions > maxDimensions)
    return;
  IndexLayout layout(header);
  if (layout.end > size)
    return;
  header.checksum = checksumOf(
      header, {file + layout.probe, size_t(layout.texts - layout.probe)});
  memcpy(file, &header, sizeof(header));
}

/// Of the exact size, so that the sanitizer sees a read past the end.
static bool reads(std::string_view file) {
  void *place = nullptr;
  if (posix_memalign(&place, indexAlignment, file.size() + !file.size()) != 0)
    die("no memory");
  memcpy(place, file.data(), file.size());
  seal(static_cast<char *>(place), file.size());
  IndexFile index;
  std::string error =
      index.read({static_cast<const char *>(place), file.size()});
  if (error.empty()) {
    static Workers workers;
    std::vector<float> query(index.header().dimensions, 1);
    Retrieval found, again;
    (void)retrieve(index, query, 3, -1, workers, found);
    if (std::string wrong = fromJson(toJson(found), again); !wrong.empty())
      die("its JSON cannot be read: " + wrong);
    if (again.passages.size() != found.passages.size())
      die("a passage is lost");
    for (const IndexedFile &document : index.files())
      if (index.text(document.path).size() > file.size())
        die("a path is too long");
  } else if (error.find('\n') != error.npos) {
    die("not a sentence: " + error);
  }
  free(place);
  return error.empty();
}

#ifdef QUIPU_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  reads({reinterpret_cast<const char *>(data), size});
  return 0;
}
#else
int main(int argc, char **argv) {
  if (argc != 3)
    die("usage: index-fuzzer FILE ROUNDS");
  std::stringstream all;
  all << std::ifstream(argv[1]).rdbuf();
  const std::string good = all.str();
  if (!reads(good))
    die("the seed is broken");
  std::mt19937_64 random(1);
  unsigned rounds = std::stoul(argv[2]), accepted = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    std::string bytes = good;
    if (round % 8 == 0)
      bytes.resize(random() % bytes.size());
    for (size_t change = 1 + random() % 3; change != 0 && !bytes.empty();
         --change) {
      // More often in the header and in the tables at the end.
      size_t span = random() % 2 ? bytes.size() : 1 + random() % bytes.size();
      size_t place = random() % span;
      if (random() % 2)
        place = bytes.size() - 1 - place;
      if (random() % 2)
        bytes[place] = static_cast<char>(random());
      else
        std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(place),
                    std::min<size_t>(8, bytes.size() - place),
                    random() % 2 ? '\xff' : '\0');
    }
    accepted += reads(bytes);
  }
  std::cout << rounds << " files, " << accepted << " accepted\n";
}
#endif
