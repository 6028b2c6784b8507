//===- Console.h - What a program reads and prints --------------*- C++ -*-===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUIPU_RUNTIME_CLI_CONSOLE_H
#define QUIPU_RUNTIME_CLI_CONSOLE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

/// What a program is called in its messages.
extern std::string programName;

/// Prints a sentence about an error; returns the exit status, 1.
int fail(const std::string &sentence);

/// Tells on standard error what the user should know.
void note(const std::string &sentence);

/// Writes to standard output; returns 0 or what errno says.
int print(std::string_view text);

/// The exit status for what `print` returned: a reader that has gone is no
/// error of ours.
int outputStatus(int error);

/// A sentence if a file of that name cannot be written, or is one of those that
/// this process has anyway, or nothing.
std::string checkOutput(const std::string &path);

/// Standard input up to its end, without the newline that ends its last line.
/// Returns a sentence about what failed, or nothing.
std::string readInput(std::string &text);

/// "in 0.52 s (12.3 tokens/s)", for statistics.
std::string tokenRate(int64_t tokens, double seconds);

/// Makes the first Ctrl-C only set `interrupted`, which is not set then; the
/// second one ends the process.
void catchInterrupts();
/// Lets the first one end it again.
void releaseInterrupts();
bool interrupted();

} // namespace quipu

#endif // QUIPU_RUNTIME_CLI_CONSOLE_H
