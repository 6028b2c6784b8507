"""Fetches and builds what Quipu is compared with: llama.cpp, OpenVINO GenAI.

llama.cpp comes from the source package of llama-cpp-python, which holds it
under vendor/, OpenVINO GenAI as PyPI's wheels; in pinned versions: every
measurement names the same code. All stays under build/peers/, made once.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "build" / "peers"
LLAMA_PACKAGE = "llama-cpp-python==0.3.36"
OPENVINO_PACKAGE = "openvino-genai==2026.4.1.0"
ONNX_PACKAGES = ["onnxruntime==1.32.0", "onnx==1.23.2", "tokenizers==0.23.3", "numpy==2.4.6"]
VERSIONS = {"llama.cpp": "llama.cpp 0c1e570 (GCC, native, OpenMP)",
            "OpenVINO GenAI": "OpenVINO GenAI 2026.4.1"}
MODEL = ROOT / "build" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
GEMMA = MODEL.with_name("gemma-3-270m.Q4_K_M.gguf")
QUIPU = ROOT / "build" / "release" / "bin" / "quipu"
PROGRAMS = ROOT / "build" / "bench"
CMAKE_OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_C_COMPILER=gcc",
    "-DCMAKE_CXX_COMPILER=g++",
    "-DGGML_NATIVE=ON",
    "-DGGML_OPENMP=ON",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
]


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"bench: error: {text}")


def run(command, log=None):
    """Runs a command; its output goes to `log`, named when the command fails."""
    command = [str(part) for part in command]
    with open(log or os.devnull, "a") as out:
        result = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT)
    if result.returncode:
        fail(f"'{' '.join(command[:6])} …' failed with exit code "
             f"{result.returncode}" + (f", see {log}" if log else ""))


class Unable(Exception):
    """A program does not run a model; says why."""


def output_of(command):
    """What a command prints; Unable, with its error message, when it fails."""
    command = [str(part) for part in command]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise Unable(errors[0] if errors else
                     f"{Path(command[0]).name} ends with exit code "
                     f"{result.returncode}")
    return result.stdout


def model(path):
    """The GGUF file at `path`, made sure to be there."""
    if not path.exists():
        makers = {MODEL: "make setup", GEMMA: "scripts/setup.sh --tests"}
        fail(f"{path}: no such file" +
             (f"; '{makers[path]}' fetches it" if path in makers else ""))
    return path.resolve()


def llama_source():
    source = PEERS / "llama.cpp"
    if not source.exists():
        downloads, unpacked = PEERS / "download", PEERS / "unpacked"
        unpacked.mkdir(parents=True, exist_ok=True)
        say(f"fetching llama.cpp with {LLAMA_PACKAGE} from PyPI")
        # Only this package comes as source: pip runs its build tools, which
        # may be wheels, to read its metadata.
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest",
             downloads, "--no-binary", "llama-cpp-python", LLAMA_PACKAGE],
            PEERS / "pip.log")
        package = next(downloads.glob("llama_cpp_python-*.tar.gz"))
        run(["tar", "-xzf", package, "-C", unpacked], PEERS / "pip.log")
        next(unpacked.glob("*/vendor/llama.cpp")).rename(source)
        shutil.rmtree(unpacked)
    return source


def tool(name):
    """A program beside this Python, as in build/venv, or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def llama_cpp():
    """Builds llama.cpp once; returns the folder with `llama-bench`,
    `llama-quantize`, their libraries, and our `llama-logits`."""
    source, build = llama_source(), PEERS / "llama.cpp-build"
    log = PEERS / "build.log"
    binaries = build / "bin"
    if not (binaries / "llama-quantize").exists():
        say(f"building llama.cpp with GCC for this machine, about 5 minutes on "
            f"2 cores; once, log in {log}")
        for name in ("g++", "cmake"):
            if not tool(name):
                fail(f"building llama.cpp needs {name}; install it first")
        options = list(CMAKE_OPTIONS)
        if tool("ninja"):
            options += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}"]
        if tool("ccache"):
            options += [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache"
                        for language in ("C", "CXX")]
        run([tool("cmake"), "-S", source, "-B", build, *options], log)
        jobs = str(min(2, os.cpu_count()))
        run(["nice", "-n", "10", tool("cmake"), "--build", build, "-j", jobs,
             "--target", "llama-bench", "llama-quantize"], log)
    llama_tool("logits")
    return binaries


def llama_tool(name):
    """Builds our llama_NAME.cpp with llama.cpp's libraries."""
    source, binaries = PEERS / "llama.cpp", PEERS / "llama.cpp-build" / "bin"
    ours, made = Path(__file__).parent / f"llama_{name}.cpp", binaries / f"llama-{name}"
    if not made.exists() or made.stat().st_mtime < ours.stat().st_mtime:
        run(["g++", "-std=c++20", "-O2", ours, f"-I{source}/include",
             f"-I{source}/ggml/include", f"-L{binaries}", "-lllama", "-lggml",
             "-lggml-base", "-Wl,-rpath,$ORIGIN", "-o", made],
            PEERS / "build.log")
    return made


def llama_embeddings():
    """The program that embeds by llama.cpp."""
    llama_cpp()
    return llama_tool("embeddings")


def environment(name, *packages):
    """The Python of an environment with PyPI's packages."""
    folder = PEERS / name
    python, done = folder / "bin" / "python", folder / packages[0]
    if not done.exists():
        say(f"fetching {', '.join(packages)} from PyPI")
        log = PEERS / "pip.log"
        run([sys.executable, "-m", "venv", folder], log)
        run([python, "-m", "pip", "install", *packages], log)
        done.touch()
    return python


def openvino():
    return environment("openvino", OPENVINO_PACKAGE)


def onnxruntime():
    return environment("onnxruntime", *ONNX_PACKAGES)


def quipu_program(model, target="native"):
    """The program that Quipu's present state makes of a model."""
    if not QUIPU.exists():
        fail(f"{QUIPU}: no such program; 'make build' makes it")
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    program = PROGRAMS / f"{model.stem}.{target}"
    say(f"compiling {model.name} for target {target}")
    output_of([QUIPU, "build", model, f"--target={target}", "-o", program])
    return program
