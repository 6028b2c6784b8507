#!/bin/sh
# usage: build.sh PRESET [TARGET...]
# Builds targets (all of them, if none is named) in build/PRESET.
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift
cmake=build/venv/bin/cmake
[ -f "build/$preset/build.ninja" ] || $cmake --preset "$preset"
[ $# -gt 0 ] || set -- all
exec $cmake --build --preset "$preset" --target "$@"
