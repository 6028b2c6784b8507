//===- Index.cpp - quipu index --------------------------------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/Index.h"
#include "compiler/tools/Diagnostics.h"
#include "support/CommandLine.h"
#include "support/OutputFile.h"
#include "support/Subprocess.h"
#include <unistd.h>

using namespace llvm;
using namespace quipu;

static constexpr char usage[] =
    R"(usage: quipu index FOLDER --with PROGRAM -o FILE

Makes an index of the documents in FOLDER, text, Markdown and HTML, which are
searched and asked then. PROGRAM is one that makes vectors of texts; this is the
same as its own command: PROGRAM index FOLDER -o FILE.

examples:
  quipu build all-MiniLM-L6-v2 --head embed -o minilm
  quipu index docs --with minilm -o kb
  ./minilm search --index kb "a text"
  ./smol ask --index kb --embedder ./minilm "a question"
  ./minilm index --help                # how documents are cut

docs/knowledge-base.md says more.
)";

LogicalResult quipu::index(ArrayRef<const char *> arguments) {
  std::optional<std::string> program, output;
  bool help = false;
  const char *options = "Options";
  CommandLine line({{options, 0, "with", "PROGRAM", Text{&program},
                     "The program that makes the vectors."},
                    {options, 'o', "output", "FILE", Text{&output},
                     "The index. If there is one, documents that have not "
                     "changed are not read again."},
                    {options, 'h', "help", "", Switch{&help}, "Print this."}},
                   Repeated::IsRefused);
  std::string error =
      line.parse(static_cast<int>(arguments.size()), arguments.data());
  if (!error.empty())
    return fail(error);
  if (help) {
    error = writeFile(
        "-", usage + line.help() + "\nExit status: 0; 1 after an error.\n",
        {.standardOutput = true});
    return error.empty() ? success() : fail(error);
  }
  if (line.positional().size() != 1 || !program || !output)
    return fail("'index' takes one folder, a program and a name for the index: "
                "quipu index FOLDER --with PROGRAM -o FILE");
  if (StringRef(*program).find('/') == StringRef::npos)
    program = "./" + *program;
  int status = 0;
  error = quipu::run(
      {.program = *program,
       .arguments = {"index", "-o", *output, "--", line.positional()[0]},
       .input = STDIN_FILENO,
       .output = STDOUT_FILENO,
       .errors = STDERR_FILENO},
      status);
  if (!error.empty())
    return fail(error + "; '--with' takes a program that 'quipu build MODEL "
                        "--head embed' has made");
  return success(status == 0);
}
