//===- tokenizer-test.cpp - Run a checkpoint's tokenizer --------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: tokenizer-test MODEL.gguf|TOKENIZER.json info  what the image says
//        tokenizer-test MODEL.gguf encode  one JSON object per line of input
//        tokenizer-test MODEL.gguf chat    the prompt for a JSON list of
//        messages
//
// A line of input is a text in hexadecimal digits; so are the texts written.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/gguf/GgufFile.h"
#include "compiler/frontend/tokenizer/TokenizerImage.h"
#include "runtime/text/Chat.h"
#include "runtime/text/TextSteps.h"
#include "runtime/text/Tokenizer.h"
#include "support/Utf8.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/LineIterator.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace quipu;

static ExitOnError exitOnError("quipu: error: ");

static Error refuse(const Twine &message) { return createStringError(message); }

static std::string hex(std::string_view text) {
  return toHex(StringRef(text), /*LowerCase=*/true);
}

static void info(const Tokenizer &tokenizer) {
  outs() << "vocabulary " << tokenizer.vocabularySize() << '\n'
         << "bos " << tokenizer.bos() << ", eos " << tokenizer.eos() << ", eot "
         << tokenizer.eot() << ", unknown " << tokenizer.unknown()
         << ", padding " << tokenizer.padding() << '\n';
  for (int32_t id = 0; id < tokenizer.vocabularySize(); ++id)
    if (tokenizer.isControl(id))
      outs() << "control " << id << ' ' << StringRef(tokenizer.bytes(id))
             << (tokenizer.isEndOfGeneration(id) ? ", ends" : "")
             << (tokenizer.specialId(tokenizer.bytes(id)) == id ? "" : ", LOST")
             << '\n';
  outs() << "no token: " << tokenizer.specialId("Hello") << ' '
         << tokenizer.bytes(-1).size()
         << tokenizer.bytes(tokenizer.vocabularySize()).size() << '\n';
}

static void encode(const Tokenizer &tokenizer, const void *image,
                   StringRef text) {
  std::vector<int32_t> plain = tokenizer.encode(text);
  std::vector<int32_t> special =
      tokenizer.encode(text, {.addSpecial = false, .parseSpecial = true});

  std::string repaired;
  appendAsUtf8(repaired, text);
  TextSteps steps(*static_cast<const TokenizerImage *>(image));

  Utf8Stream stream;
  std::string streamed;
  for (int32_t id : special) {
    std::string piece = stream.push(tokenizer.bytes(id));
    if (!isUtf8(piece))
      exitOnError(refuse("half a character was printed"));
    streamed += piece;
  }
  streamed += stream.flush();

  json::Array wordList;
  for (std::string_view word : steps.split(repaired, true))
    wordList.push_back(hex(word));
  outs() << json::Value(
                json::Object{{"ids", json::Array(plain)},
                             {"special", json::Array(special)},
                             {"words", std::move(wordList)},
                             {"decoded", hex(tokenizer.decode(special, true))},
                             {"hidden", hex(tokenizer.decode(special))},
                             {"streamed", hex(streamed)}})
         << '\n';
}

static void chat(const Tokenizer &tokenizer, StringRef input) {
  ChatTemplate format;
  std::string error = format.load(tokenizer);
  jinja::Conversation conversation;
  if (error.empty())
    error = conversation.setMessages(std::string_view(input));
  auto encode = [&](bool parseSpecial) {
    std::vector<int32_t> ids;
    if (error.empty())
      error = format.encode(conversation, parseSpecial, ids);
    return ids;
  };
  std::vector<int32_t> ids = encode(false), special = encode(true);
  conversation.setOpensReply(false);
  std::vector<int32_t> closed = encode(false);
  if (!error.empty())
    exitOnError(refuse(error));
  outs() << json::Value(json::Object{{"prompt", tokenizer.decode(ids, true)},
                                     {"closed", tokenizer.decode(closed, true)},
                                     {"ids", json::Array(ids)},
                                     {"special", json::Array(special)}})
         << '\n';
}

int main(int argc, char **argv) {
  if (argc != 3) {
    errs() << "usage: tokenizer-test MODEL.gguf info|encode|chat\n";
    return 2;
  }
  StringRef mode = argv[2];
  auto warn = [](const Twine &warning) {
    errs() << "quipu: warning: " << warning << '\n';
  };
  std::vector<uint8_t> bytes;
  if (StringRef(argv[1]).ends_with(".json")) {
    bytes = exitOnError(buildTokenizerImage(argv[1], warn));
  } else {
    std::unique_ptr<Checkpoint> checkpoint = exitOnError(openGguf(argv[1]));
    const CheckpointTensor *embedding =
        checkpoint->findTensor("token_embd.weight");
    bytes = exitOnError(buildTokenizerImage(
        *checkpoint, embedding ? embedding->shape[0] : 0, warn));
  }
  if (bytes.empty()) {
    outs() << "no tokenizer\n";
    return 0;
  }
  // The image must be position-independent: use it from another place.
  std::unique_ptr<WritableMemoryBuffer> image =
      WritableMemoryBuffer::getNewUninitMemBuffer(bytes.size(), "image",
                                                  Align(64));
  std::memcpy(image->getBufferStart(), bytes.data(), bytes.size());
  Tokenizer tokenizer(image->getBufferStart(), bytes.size());
  bytes.clear();

  if (mode == "info") {
    info(tokenizer);
    return 0;
  }
  std::unique_ptr<MemoryBuffer> input =
      exitOnError(errorOrToExpected(MemoryBuffer::getSTDIN()));
  if (mode == "chat")
    chat(tokenizer, input->getBuffer());
  else
    for (line_iterator line(*input, /*SkipBlanks=*/false); !line.is_at_end();
         ++line)
      encode(tokenizer, image->getBufferStart(), fromHex(*line));
}
