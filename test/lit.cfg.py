"""How lit runs the tests, and the pages of docs/ that are tests, too."""

import ctypes
import os
import shutil
from pathlib import Path

import lit.formats

source = config.quipu_source_root
build = config.quipu_build_root
bin = os.path.join(build, "bin")
test_bin = os.path.join(build, "test", "bin")

config.test_format = lit.formats.ShTest(execute_external=False)
config.excludes = ["Inputs"]
config.excludes += [page.name for page in Path(source, "docs").glob("*.md")
                    if "RUN:" not in page.read_text()]
if config.quipu_quick_tests:
    # Whole models and all formats of weights; what does not run this build.
    config.excludes += ["bfloat-dots.test", "end-to-end", "halide", "scripts", "style"]

# A test that hangs is a failure; the slowest takes a tenth of this.
lit_config.maxIndividualTestTime = 3600 if config.quipu_sanitize else 900

config.environment = {
    "PATH": os.pathsep.join([test_bin, bin, config.llvm_tools, "/usr/bin", "/bin"]),
    "HOME": os.path.join(build, "test"),
    "LC_ALL": "C.UTF-8",
    "FILECHECK_OPTS": "-enable-var-scope",
    # libLLVM itself is not instrumented: containers that cross its border look
    # overflowed, and what code inlined here poisons, it does not give back.
    "ASAN_OPTIONS": "detect_container_overflow=0:allow_user_poisoning=0:"
                    "detect_leaks=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # The tests in style/ ask git about a clone that another user may own.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


def program(name, path):
    """%name stands for `path`, but not inside %name-more."""
    config.substitutions.append((f"%{name}(?![-\\w])", path))


for tool in ["quipu", "quipu-opt", "quipu-lsp-server", "quipu-reduce"]:
    program(tool, os.path.join(bin, tool))
for tool in sorted(os.listdir(test_bin)) if os.path.isdir(test_bin) else []:
    program(tool, os.path.join(test_bin, tool))
models = {"smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf", "gemma3": "gemma-3-270m.Q4_K_M.gguf",
          "minilm": "all-MiniLM-L6-v2"}
for name, file in models.items():
    path = os.path.join(config.quipu_models, file)
    program(name, path)
    if os.path.exists(path) and not config.quipu_quick_tests:
        config.available_features.add(name)
program("python", config.python)
program("source", source)
program("build", build)
program("llvm-tools", config.llvm_tools)

if config.quipu_sanitize:
    config.available_features.add("sanitize")
    # Halide compiles on a stack of its own, which the sanitizer warns of.
    config.environment["HL_COMPILER_STACK_SIZE"] = "0"
# NVIDIA's assembler, from the Python environment.
for ptxas in Path(config.python).parents[1].glob("lib/python3*/site-packages/nvidia/*/bin/ptxas"):
    config.available_features.add("ptxas")
    program("ptxas", str(ptxas))
# Programs for other machines: linked by Debian's cross toolchain, run by QEMU.
if os.path.exists(os.path.join(build, "lib", "aarch64")) and shutil.which("qemu-aarch64"):
    config.available_features.add("aarch64")
if shutil.which("qemu-x86_64"):
    config.available_features.add("qemu-x86_64")
try:
    ctypes.CDLL("libcuda.so.1")
    config.available_features.add("cuda-driver")
except OSError:
    pass
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line for line in cpuinfo if line.startswith("flags")), "").split()
for feature, flag in [("avx2", "avx2"), ("avxvnni", "avx_vnni"), ("avx512vnni", "avx512_vnni"),
                      ("avx512bf16", "avx512_bf16"), ("amx", "amx_int8")]:
    if flag in flags:
        config.available_features.add(feature)
