"""Lets libFuzzer drive the tests' fuzzers, one after another.

usage: fuzz.py SECONDS [NAME ...]

The fuzzers are those of the preset `fuzz`, or the named ones. Each begins with small
good files (specs of models/, configs of test/golden, templates of test/support/jinja,
grammars and schemas of llama.cpp, what make_seeds.py and others write) and what
earlier runs made of them, in build/fuzz/corpus/NAME. Exits with code 1 after a
finding, which is then a file build/fuzz/NAME-*.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
GOLDEN = ROOT / "test" / "golden"
FRONTEND = ROOT / "test" / "frontend"
GRAMMARS = ROOT / "test" / "runtime" / "generate" / "grammar" / "Inputs"
TEXT = ROOT / "test" / "runtime" / "text"
JINJA = ROOT / "test" / "support" / "jinja" / "Inputs"


def make_seeds(folder):
    """{fuzzer: files}."""
    made = Path(folder)
    subprocess.run([sys.executable, FRONTEND / "huggingface/Inputs/make_seeds.py", made], check=True)
    subprocess.run([sys.executable, FRONTEND / "gguf/make_good.py", made], check=True)
    configs = [*made.glob("*.json"), *GOLDEN.glob("*/config.json")]
    cases = json.loads((GRAMMARS / "llama-cpp.json").read_text())
    for number, case in enumerate(cases):
        kind = "grammar" if "grammar" in case else "schema"
        (made / f"{kind}{number}.{kind}").write_text(case[kind])
    subprocess.run([sys.executable, TEXT / "make_tokenizer_seeds.py", made], check=True)
    for number, form in enumerate(form for file in JINJA.glob("*.txt")
                                  for form in file.read_text().split("\n--------\n")):
        (made / f"{number}.jinja").write_text(form)
    return {
        "grammar": [*made.glob("*.grammar")],
        "schema": [*made.glob("*.schema")],
        "spec": [*(ROOT / "models").glob("*.mlir"), *(ROOT / "models/heads").glob("*.mlir")],
        "config": configs,
        "safetensors": [made / "seed.safetensors"],
        "gguf": [made / "seed.gguf"],
        "documents": [ROOT / "test/runtime/index/Inputs/page.md", ROOT / "test/runtime/index/Inputs/page.html"],
        "tokenizer": [*made.glob("tokenizer-*.json")],
        "template": [*made.glob("*.jinja"), *(JINJA / "templates").glob("*")],
    }


def fuzz(name, seeds, seconds):
    """Whether nothing was found."""
    corpus = BUILD / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        shutil.copy(seed, corpus / f"seed{number}-{seed.name}")
    # LLVM's libraries have no sanitizers.
    options = {"ASAN_OPTIONS": "allow_user_poisoning=0:detect_leaks=0"}
    command = [BUILD / "test/bin" / f"{name}-fuzzer", corpus, f"-max_total_time={seconds}",
               f"-artifact_prefix={BUILD / name}-", "-timeout=20", "-max_len=8192",
               "-print_final_stats=1"]
    return subprocess.run(command, env=os.environ | options).returncode == 0


def main():
    if len(sys.argv) < 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        seeds = make_seeds(folder)
        names = sys.argv[2:] or list(seeds)
        for name in names:
            if name not in seeds:
                sys.exit(f"fuzz.py: error: there is no fuzzer '{name}', only {', '.join(seeds)}")
        found = [name for name in names if not fuzz(name, seeds[name], sys.argv[1])]
    if found:
        sys.exit(f"fuzz.py: error: findings of {', '.join(found)} in {BUILD}")


main()
