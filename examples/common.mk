# What the examples share: the compiler, and the models that scripts/setup.sh --tests fetches.

root   := $(dir $(lastword $(MAKEFILE_LIST)))..
QUIPU  ?= $(or $(shell command -v quipu),$(root)/build/release/bin/quipu)
PYTHON ?= $(root)/build/venv/bin/python
MODELS ?= $(root)/build/models

.PHONY: run
run:

smol: $(MODELS)/SmolLM2-135M-Instruct.Q4_1.gguf
	$(QUIPU) build $< -o $@

minilm: $(MODELS)/all-MiniLM-L6-v2
	$(QUIPU) build $< --head embed -o $@
