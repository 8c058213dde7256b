# `make demo` and `make test` set up everything they need first; a second run finds it all there.

ifeq ($(OS),Windows_NT)
VENV = .venv/Scripts
else
VENV = .venv/bin
endif
SETUP = sh tools/setup.sh
WITH_TOOLS = eval "$$($(SETUP) env)" &&
JOBS ?= auto
TESTS ?= push
PYTEST_ARGS ?=
BENCH_ARGS ?=
DIST_ARGS ?=
PEERS_ARGS ?=
TORTURE_SECONDS ?= 900
TORTURE_ARGS ?=

BEFORE_A_PUSH = -m "not docker and not thorough"
EVERYTHING = --cov && python tools/branch_coverage.py && python tools/message_coverage.py
SELECTED = $(or $(PYTEST_ARGS),$(if $(filter all,$(TESTS)),$(EVERYTHING),$(BEFORE_A_PUSH)))

.DEFAULT_GOAL := help
.PHONY: help setup venv test-venv hooks test test-unit test-all torture demo bench bench-speed bench-peers docs \
	check-links lint lint-workflows format dist check-dist check-release clean

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)$$/make \1\t\2/p' Makefile

setup: ## Install what tests and demo need: .venv, Poetry, the Pulumi engine, the emulator of Lambda, Chromium
	@$(SETUP)

venv: ## Install .venv alone: the package, and what lint, tests and benchmarks import
	@$(SETUP) install venv

test-venv: ## Install .venv with what unit and property tests import, on any operating system
	@$(SETUP) install test-venv

hooks: venv ## Check style and types at each commit
	@$(VENV)/python -m pre_commit install

test: setup ## Run the tests that should pass before a push, JOBS at a time; PYTEST_ARGS names others
	@$(WITH_TOOLS) python -m pytest --numprocesses=$(JOBS) $(SELECTED)

test-unit: test-venv ## Run the unit and property tests; they need neither Pulumi's engine nor Poetry nor Docker
	@$(VENV)/python -m pytest --numprocesses=$(JOBS) tests/unit tests/property $(PYTEST_ARGS)

test-all: ## Run all tests, as CI does, and measure coverage; the same as `make test TESTS=all`
	@$(MAKE) --no-print-directory test TESTS=all

torture: test-venv ## Attack the package for TORTURE_SECONDS: kills, crowds, hostile inputs; TORTURE_ARGS narrows it down
	@PYTHONPATH=tests $(VENV)/python -m torture --seconds $(TORTURE_SECONDS) $(TORTURE_ARGS)

demo: ## See a lock file become a layer, with the real engine against a local AWS
	@$(SETUP) announce-demo
	@$(SETUP) install demo-venv
	@$(WITH_TOOLS) python tools/demo.py layer
	@$(SETUP) install poetry engine
	@$(WITH_TOOLS) python tools/demo.py deployment

bench: bench-speed bench-peers ## Measure how fast layers are made, and compare with the tools that people use now; writes docs/

bench-speed: setup ## Time the making of layers beside uv, pip, Poetry and cp; writes docs/benchmarks.md. BENCH_ARGS narrows it down
	@$(WITH_TOOLS) python -m benchmarks $(BENCH_ARGS)

bench-peers: setup ## Compare with other tools, which install themselves; writes docs/comparison.md. PEERS_ARGS narrows it down
	@$(WITH_TOOLS) python -m benchmarks.comparison $(PEERS_ARGS)

docs: venv ## Build the documentation site into .docs/html; each warning is an error
	@$(VENV)/python -m sphinx -W -n -E --keep-going -q -b html -d .docs/doctrees docs .docs/html
	@echo "open .docs/html/index.html"

check-links: venv ## Open each link to another site, of the documentation and of README, and list the broken ones
	@failed=0; \
	$(VENV)/python -m sphinx -E -Q -b linkcheck docs .docs/links/docs || failed=1; \
	$(VENV)/python -m sphinx -E -Q -b linkcheck -c docs -D root_doc=README -D include_patterns='*.md,examples/**/*.md' \
		. .docs/links/other || failed=1; \
	grep -h '\[broken\]' .docs/links/*/output.txt; exit $$failed

lint: venv ## Check style, types, imports, spelling, workflows, and that the documentation can be built
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-cache >/dev/null || $(VENV)/lint-imports --no-cache
	@$(VENV)/codespell
	@$(MAKE) --no-print-directory lint-workflows docs

lint-workflows: venv ## Check GitHub's workflows, and those in the documentation, with actionlint and zizmor
	@$(SETUP) install actionlint
	@$(VENV)/python tools/docs_site/code_blocks.py .docs/workflows
	@$(WITH_TOOLS) if command -v actionlint >/dev/null; then actionlint && \
		find examples .docs/workflows -path '*/workflows/*.yml' -exec actionlint {} +; fi
	@$(VENV)/zizmor --offline --quiet .

format: venv ## Bring the code into the house's layout
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

dist: venv ## Build the source distribution and the wheel into dist/ and check them
	@$(VENV)/python tools/release.py build

check-dist: dist ## Install both with the oldest and the newest Python and drive them; run the unit tests from the sdist
	@$(VENV)/python tools/check_dist.py $(DIST_ARGS)

check-release: venv ## Check that version, changelog and the tag named by TAG agree
	@$(VENV)/python tools/release.py check

clean: ## Remove what was made in this checkout; tools in the cache folder stay
	rm -rf .venv .demo dist .docs .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
