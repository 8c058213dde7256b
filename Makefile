# `make demo` and `make test` set up everything they need first; a second run finds it all there.

WITH_TOOLS = eval "$$(tools/setup.sh env)" &&
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup test demo bench lint format clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\): .*## \(.*\)$$/make \1\t\2/p' Makefile

setup: ## Install what tests and demo need: .venv, Poetry and the Pulumi engine
	@tools/setup.sh

test: setup ## Run all tests; PYTEST_ARGS narrows them down
	@$(WITH_TOOLS) python -m pytest $(PYTEST_ARGS)

demo: setup ## See a lock file become a layer, with the real engine against a local AWS
	@$(WITH_TOOLS) python tools/demo.py

bench: setup ## Time the making of layers beside uv, pip, Poetry and cp; writes docs/benchmarks.md. BENCH_ARGS narrows it down
	@$(WITH_TOOLS) python -m benchmarks $(BENCH_ARGS)

lint: setup ## Check style and types
	@$(WITH_TOOLS) ruff check . && ruff format --check . && mypy

format: setup ## Bring the code into the house's layout
	@$(WITH_TOOLS) ruff check --fix . && ruff format .

clean: ## Remove what was made in this checkout; tools in the cache folder stay
	rm -rf .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
