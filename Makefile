.DEFAULT_GOAL := help
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory

export PYTHON CHROMIUM
# Compiled once and kept, whatever the shell says: each process of tests would compile
# every test again.
unexport PYTHONDONTWRITEBYTECODE
bin := .venv/bin

.PHONY: help
help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: setup ## a simulated organisation, served on this machine (set-up included)
	@exec $(bin)/mileage demo $(ARGS)

.PHONY: test
test: setup-browser ## everything that must hold: checks and tests
	@# Both take one core. (That imports keep the layers is a test.)
	@$(MAKE) -j2 lint types .venv/tests.stamp
	@# More than two cores can do at once: a test with a server mostly waits. A file
	@# stays with one process: what its tests share is made once, and files with
	@# servers and browsers (e2e, properties, road) begin, so that no long one is last.
	@folder=$$(mktemp -d $(memory)) && trap 'rm -rf "$$folder"' EXIT && \
	$(bin)/pytest -n 4 --dist loadfile --no-loadscope-reorder \
		--basetemp "$$folder/tests" $(ARGS)

# What tests write goes with them. In memory, where there is room and what is built may
# be run, nobody waits for a disk; what a killed process leaves is the same there.
memory = $(shell grep -q ' /dev/shm .*noexec' /proc/mounts 2>/dev/null || \
	df -kP /dev/shm 2>/dev/null | awk 'END { if ($$4 > 4000000) print "-p /dev/shm" }')

# Whoever collects tests compiles them; what is wrong with one is told by the run.
.venv/tests.stamp: $(shell find tests -name '*.py')
	@$(bin)/pytest --collect-only -qq >/dev/null 2>&1 || true
	@touch $@

.PHONY: check
check: setup format lint types imports ## format, lint, types, imports; no tests

.PHONY: soak
soak: setup ## hours of failures: kills, re-batching, fuzzing (state is kept in var/)
	@$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes --requirement soak/requirements.lock
	@for script in soak/*.py; do echo "== $$script"; $(bin)/python "$$script" $(ARGS) || exit 1; done

.PHONY: bench
bench: setup ## the measured bars, as a table
	@$(bin)/python tools/bench.py $(ARGS)

.PHONY: clean
clean: ## remove what set-up and tests made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf dist .coverage
	find . -path ./var -prune -o -name __pycache__ -type d -print -prune -exec rm -rf {} + >/dev/null

.PHONY: setup setup-browser
setup:
	@tools/bootstrap.sh
setup-browser:
	@tools/bootstrap.sh browser

.PHONY: format lint types imports
format: setup
	@$(bin)/ruff format --quiet . && echo "format: done"
lint: setup
	@$(bin)/ruff format --check --quiet . || { echo "format: run make check"; exit 1; }
	@$(bin)/ruff check --quiet . && echo "lint: clean"
types: setup
	@$(bin)/mypy --no-error-summary && echo "types: clean"
imports: setup
	@$(bin)/lint-imports --no-logo
