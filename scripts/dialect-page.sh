#!/bin/sh
# Prints docs/dialect.md, the reference of ops, types and attributes, from
# dialect/*.td. `ninja quipu-docs` writes the page; a test compares.
set -eu
source=$(dirname "$0")/..
tools=${1:-/usr/lib/llvm-22/bin}
"$tools/mlir-tblgen" -gen-dialect-doc -dialect=quipu -I "$("$tools/llvm-config" --includedir)" \
  -I "$source" "$source/dialect/Quipu.td" | sed '/^\[TOC\]$/d' | cat -s
