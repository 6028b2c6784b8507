#!/bin/sh
# Builds targets (all of them, if none is named) in build/release.
set -eu
cd "$(dirname "$0")/.."
cmake=build/venv/bin/cmake
[ -f build/release/build.ninja ] || $cmake --preset release
[ $# -gt 0 ] || set -- all
exec $cmake --build --preset release --target "$@"
