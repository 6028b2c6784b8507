# Everything from a bare clone on Debian 12, as root or with sudo.

.PHONY: help setup build demo check bench tidy format

help:
	@echo 'make demo    compile SmolLM2 into one program and run it'
	@echo 'make check   build and run all tests'
	@echo 'make bench   measure beside llama.cpp and OpenVINO GenAI, for hours'
	@echo 'make build   build the compiler and the runtime into build/release'
	@echo 'make tidy    run clang-tidy over all sources (make check: over support/ and runtime/)'
	@echo 'make format  run clang-format over all sources'
	@echo 'make setup   install what the build needs (the others do it too)'

setup:
	@scripts/setup.sh

build: setup
	@scripts/build.sh release

demo: build
	build/release/bin/quipu build build/models/SmolLM2-135M-Instruct.Q4_1.gguf -o build/smol
	build/smol "Once upon a time" -n 64

check:
	@scripts/setup.sh --tests
	@scripts/build.sh release all quipu-test-tools
	@scripts/build.sh assertions all quipu-test-tools
	@build/venv/bin/python scripts/check.py build/release build/assertions

bench: build
	@scripts/setup.sh --tests
	@build/venv/bin/python bench/run.py

tidy: build
	@build/venv/bin/python scripts/tidy.py build/release

format:
	git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format-22 -i
