#!/bin/sh
# Exits with 1 when the file is valid and has a softmax in layers.
! quipu-opt "$1" 2>/dev/null | sed -n '/quipu.layers/,/quipu.yield/p' | grep -q quipu.softmax
