//===- command-line-test.cpp - Options, their values and their help -------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Prints the first check that fails, or "ok".
//
//===----------------------------------------------------------------------===//

#include "support/CommandLine.h"
#include "test/Expect.h"

using namespace quipu;

using Words = std::vector<const char *>;

namespace {
/// A table with an option of each kind, and what has been given.
struct Parsed {
  std::optional<int64_t> count;
  std::optional<std::string> name;
  float share = 0.25f;
  int32_t color = 2;
  bool loud = false;
  std::vector<std::string> tags;
  CommandLine line;

  explicit Parsed(Repeated repeated = Repeated::Counts)
      : line(
            {
                {"Sizes", 'c', "count", "N", Integer{&count, -2, 40},
                 "how many"},
                {"Sizes", 's', "share", "X", Real{&share, 0, 1}, "which part"},
                {"Words", 'n', "name", "TEXT", Text{&name},
                 "what it is called"},
                {"Words", '\0', "color", "WORD",
                 Choice{&color, {"red", "green", "blue"}}, "how it looks"},
                {"Words", 'l', "loud", "", Switch{&loud},
                 "whether it is heard"},
                {"Words", 't', "tag", "WORD", Texts{&tags}, "what it is like"},
            },
            repeated) {}

  std::string parse(Words words) {
    words.insert(words.begin(), "program");
    return line.parse(static_cast<int>(words.size()), words.data());
  }
};
} // namespace

/// What is said of one command line.
static std::string complain(const Words &words,
                            Repeated repeated = Repeated::Counts) {
  return Parsed(repeated).parse(words);
}

static void testSpellings() {
  for (const Words &words : {Words{"--count", "7"}, Words{"--count=7"},
                             Words{"-c", "7"}, Words{"-c7"}}) {
    Parsed parsed;
    EXPECT(parsed.parse(words).empty() && parsed.count == 7);
    EXPECT(parsed.line.positional().empty());
  }
  Parsed parsed;
  EXPECT(parsed.parse({"-n", "", "--color=green", "-l"}).empty());
  EXPECT(parsed.name == "" && parsed.color == 1 && parsed.loud);
  EXPECT(parsed.count == std::nullopt && parsed.share == 0.25f);
  // A value may look like an option, and have an equals sign.
  EXPECT(parsed.parse({"-n", "-l", "--count", "-2"}).empty());
  EXPECT(parsed.name == "-l" && parsed.count == -2);
  EXPECT(parsed.parse({"--name=a=b"}).empty() && parsed.name == "a=b");
  EXPECT(parsed.parse({"-na=b"}).empty() && parsed.name == "a=b");
  // All are kept, even where others may be given once.
  Parsed once(Repeated::IsRefused);
  EXPECT(once.parse({"-t", "a", "--tag=b", "-ta"}).empty());
  EXPECT((once.tags == std::vector<std::string>{"a", "b", "a"}));
}

static void testBorders() {
  const char *integer = "'--count' takes a whole number from -2 to 40, not '";
  for (const char *wrong :
       {"-3", "41", "", " 7", "7 ", "+7", "7.0", "0x7", "99999999999999999999"})
    EXPECT(complain({"--count", wrong}) == integer + std::string(wrong) + "'");
  for (const char *right : {"-2", "40", "007"})
    EXPECT(complain({"--count", right}).empty());

  const char *real = "'--share' takes a number from 0 to 1, not '";
  for (const char *wrong : {"-0.01", "1.01", "", " 1", "1x", "nan", "inf"})
    EXPECT(complain({"--share", wrong}) == real + std::string(wrong) + "'");
  for (const char *right : {"0", "1", "1e-3", ".5"})
    EXPECT(complain({"--share", right}).empty());

  EXPECT(complain({"--color", "gre"}) ==
         "'--color' takes red, green or blue, not 'gre'");
  EXPECT(complain({"-l=1"}) == "'-l' takes no value");
  EXPECT(complain({"--loud="}) == "'--loud' takes no value");
  EXPECT(complain({"-l1"}).starts_with("unknown option '-l1'"));
  EXPECT(complain({"--name"}) == "'--name' needs a value: --name TEXT");
  EXPECT(complain({"-n"}) == "'-n' needs a value: -n TEXT");
}

static void testWords() {
  Parsed parsed;
  EXPECT(
      parsed.parse({"a", "-", "-c", "1", "", "--", "-l", "--", "--x"}).empty());
  EXPECT(parsed.line.positional() ==
         std::vector<std::string>({"a", "-", "", "-l", "--", "--x"}));
  EXPECT(!parsed.loud && parsed.count == 1);
}

/// Words and the values of options are told apart; nothing counts behind `--`
/// or an option that there is not.
static void testFirstWord() {
  auto at = [](Words words) {
    words.insert(words.begin(), "program");
    return Parsed().line.firstWord(static_cast<int>(words.size()),
                                   words.data());
  };
  EXPECT(at({"a", "b"}) == 1 && at({}) == 0 && at({"-"}) == 1);
  EXPECT(at({"-c", "1", "a"}) == 3 && at({"-c1", "a"}) == 2);
  EXPECT(at({"--count=1", "a"}) == 2 && at({"--loud", "a"}) == 2);
  EXPECT(at({"--", "a"}) == 0 && at({"--quiet", "a"}) == 0);
  EXPECT(at({"--count"}) == 0);
}

static void testRepeated() {
  Parsed parsed;
  EXPECT(parsed.parse({"-c1", "--count", "2"}).empty() && parsed.count == 2);
  EXPECT(complain({"-c1", "--count", "2"}, Repeated::IsRefused) ==
         "'--count' is given twice");
  EXPECT(complain({"-l", "-l"}, Repeated::IsRefused) == "'-l' is given twice");
  EXPECT(complain({"-c1", "-s1"}, Repeated::IsRefused).empty());
}

static void testUnknown() {
  EXPECT(complain({"--cuont=3"}) ==
         "unknown option '--cuont'; did you mean '--count'?");
  EXPECT(complain({"--colo"}) ==
         "unknown option '--colo'; did you mean '--color'?");
  EXPECT(complain({"-q"}).starts_with("unknown option '-q'"));
  EXPECT(complain({"--zzzzzz"}) ==
         "unknown option '--zzzzzz'; --help lists the options, and '--' goes "
         "before text that begins with '-'");
  Parsed parsed;
  EXPECT(parsed.line.find("--count=3")->name == "count");
  EXPECT(parsed.line.find("-c3")->name == "count");
  // A long name has two dashes, and no letter is the letter of none.
  EXPECT(!parsed.line.find("-ount") && !parsed.line.find("count"));
  EXPECT(!parsed.line.find("ac") && !parsed.line.find("c"));
  EXPECT(!parsed.line.find("-") && !parsed.line.find("--"));
}

static void testNearest() {
  const std::vector<std::string_view> words = {"build", "tune", "tuned",
                                               "help"};
  EXPECT(findNearest("tun", words) == "tune");
  EXPECT(findNearest("ttuned", words) == "tuned");
  EXPECT(findNearest("biuld", words) == "build");
  EXPECT(findNearest("hlp", words) == "help");
  // A third of the letters and one may differ.
  EXPECT(findNearest("bxxld", words) == "build");
  EXPECT(findNearest("bxxxd", words).empty());
  EXPECT(findNearest("q", words).empty() && findNearest("", words).empty());
  EXPECT(findNearest("x", {}).empty());
}

static void testHelp() {
  Parsed parsed;
  EXPECT(parsed.line.help() == "\nSizes:\n"
                               "  -c, --count N           how many\n"
                               "  -s, --share X           which part\n"
                               "\nWords:\n"
                               "  -n, --name TEXT         what it is called\n"
                               "      --color WORD        how it looks\n"
                               "  -l, --loud              whether it is heard\n"
                               "  -t, --tag WORD          what it is like\n");
}

/// Lines end at 80 columns, and begin at the indent.
static void testAppendWords() {
  std::string text;
  std::string word(10, 'w'), rest = word;
  for (int i = 0; i < 6; ++i)
    rest += " " + word;
  appendWords(text, "-x", 4, rest);
  std::string line = "-x  " + rest.substr(0, 6 * 11 + 10) + "\n";
  EXPECT(line.size() == 81 && text == line);
  text.clear();
  appendWords(text, "-x", 4, rest + "!");
  EXPECT(text ==
         "-x  " + rest.substr(0, 5 * 11 + 10) + "\n    " + word + "!\n");
  // Two columns are free before the words, or they have a line of their own.
  text.clear();
  appendWords(text, "-x", 4, "a");
  appendWords(text, "-xy", 4, "a");
  EXPECT(text == "-x  a\n-xy\n    a\n");
}

int main() {
  testSpellings();
  testBorders();
  testWords();
  testFirstWord();
  testRepeated();
  testUnknown();
  testNearest();
  testHelp();
  testAppendWords();
  puts("ok");
}
