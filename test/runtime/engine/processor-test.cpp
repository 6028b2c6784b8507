//===- processor-test.cpp - The quotas of control groups ------------------===//
//
// Part of the Quipu Project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// usage: processor-test ROOT...
//
// Prints how many of 8 cores a process may use whose /proc and /sys are ROOT's.
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Processor.h"
#include <cstdio>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    printf("%d\n", quipu::withinQuota(8, argv[i]));
}
