//===- GgufPreTokenizers.cpp - How GGUF's names split words -------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The names are llama.cpp's, the expressions those of the tokenizer.json files
// that llama.cpp's stand for: each splits what those before it have left, and
// what it matches is a piece as is what lies between.
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/tokenizer/TokenizerDescription.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace quipu;

// clang-format off
static constexpr char gpt2[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
static constexpr char llama3[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char qwen2[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char qwen35[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char jais2[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1})";
static constexpr char cased[] = // Tekken, GPT-4o: words begin in capitals
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char gpt4o[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char youtu[] =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char deepseek3[] =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char spark[] =
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+)";
static constexpr char deepseekLetters[] =
    R"(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)";
static constexpr char bloom[] = R"( ?[^(\s|.,!?…。，、।۔،)]+)";
static constexpr char bailing[] =
    R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)";
static constexpr char seed[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char turkish[] =
    R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char exaoneExperts[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+)";
static constexpr char miniCpm[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char kimi[] =
    R"([\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
static constexpr char afmoeAsian[] =
    "[一-鿿㐀-䶿豈-﫿぀-ゟ゠-ヿ･-ﾟ⼀-⿟เ-๿຀-໿ក-៿က-႟ꩠ-ꩿꧠ-꧿가-힯ᄀ-ᇿ]+";
// clang-format on
static constexpr char tinyAyaGroups[] = R"(\d{1,3}(?=(?:\d{3})*\b))";
static constexpr char afmoeGroups[] = R"(\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N})))";
static constexpr char superBpeGroups[] = R"((?=(\d{3})+(?!\d)))";
static constexpr char number[] = R"(\p{N})";
static constexpr char upToThree[] = R"(\p{N}{1,3})";
static constexpr char lines[] = R"([^\n]+|[\n]+)";
static constexpr char japanese[] = "[一-龥぀-ゟ゠-ヿ]+";
static constexpr char falconPunctuation[] = R"([\p{P}\$\+<=>\^~\|`]+)";
static constexpr char digits[] = "[0-9][0-9][0-9]";

std::optional<GgufPreTokenizer> quipu::findGgufPreTokenizer(StringRef name) {
  using Found = std::optional<GgufPreTokenizer>;
  return StringSwitch<Found>(name)
      .Cases({"gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es",
              "jina-v2-de", "a.x-4.0", "mellum", "modern-bert", "mpt", "olmo",
              "jais", "trillion", "granite-docling", "exaone4"},
             Found({{gpt2}}))
      .Cases({"jina-v1-en", "jina-v2-code", "roberta-bpe"},
             Found({{gpt2}, false, false, true}))
      .Cases({"starcoder", "refact", "command-r", "smollm", "codeshell",
              "exaone", "minerva-7b", "mellum2"},
             Found({{number, gpt2}}))
      .Cases({"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1",
              "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"},
             Found({{llama3}, true, true}))
      .Cases({"dbrx", "smaug-bpe", "chatglm-bpe"}, Found({{llama3}}))
      .Cases({"glm4", "glm5"}, Found({{llama3}, true}))
      .Case("jais-2", Found({{jais2}}))
      .Cases({"qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2",
              "megrez", "hunyuan", "solar-open", "grok-2"},
             Found({{qwen2}}))
      .Case("laguna", Found({{lines, qwen2}}))
      .Case("qwen35", Found({{qwen35}}))
      .Case("deepseek-llm", Found({{"[\r\n]", deepseekLetters,
                                    "\\s?[!-/:-~！-／：-～‘-‟　-。]+", "\\s+$",
                                    "[一-龥ࠀ-一가-퟿]+", "\\p{N}+"}}))
      .Case("deepseek-coder", Found({{"[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+",
                                      "[一-龥ࠀ-一가-퟿]+", number}}))
      .Cases({"deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"},
             Found({{upToThree, japanese, deepseek3}}))
      .Case("afmoe", Found({{afmoeGroups, afmoeAsian, deepseek3}}))
      .Case("superbpe", Found({{"\\p{N}+", superBpeGroups}}))
      .Cases({"tiny_aya", "cohere2moe"}, Found({{tinyAyaGroups, gpt4o}}))
      .Case("spark2_5", Found({{upToThree, japanese, spark, number}}))
      .Case("youtu", Found({{"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-"
                             "﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+",
                             youtu},
                            true}))
      // llama.cpp's own, for files that name no other.
      .Case("default",
            Found({{R"([\p{P}\$\+<=>\^~\|]+)", gpt2, "\\p{N}+", digits}}))
      .Case("falcon", Found({{falconPunctuation, gpt2, digits}}))
      .Cases({"poro-chat", "bloom", "gpt3-finnish"}, Found({{bloom}}))
      .Case("viking", Found({{bloom, number}}))
      .Case("tekken", Found({{cased}, true, true}))
      .Case(
          "chameleon",
          Found({{"<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                  "([\\t\\n]|    |  )", number, "[\\p{P}!-/:-@\\[-`{-~]", gpt2},
                 false,
                 true}))
      .Cases({"gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"},
             Found({{gpt4o}}))
      .Case("granite-embed-multi-97m", Found({{gpt4o}, true}))
      .Cases({"bailingmoe", "bailingmoe2", "llada-moe"}, Found({{bailing}}))
      .Case("seed-coder", Found({{seed}}))
      .Case("ufakzeka", Found({{turkish}}))
      .Case("exaone-moe", Found({{exaoneExperts}}))
      .Case("minicpm5", Found({{upToThree, miniCpm}, true}))
      .Case("kimi-k2", Found({{kimi}}))
      .Default(std::nullopt);
}
