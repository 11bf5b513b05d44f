# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv on their first run.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format docs interop soak bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements-dev.lock pyproject.toml
	@packaging/make-venv "$(PYTHON)" "$(VENV)"

setup: $(READY) ## .venv with the pinned dependencies

demo: $(READY) ## mail gets stuck, is explained, retargeted and delivered, in a temporary folder
	@$(BIN)/spooltool demo $(ARGS)

test: $(READY) ## the tests; ARGS="-k name" passes on to pytest
	@$(BIN)/python -m pytest -n 2 --ignore=tests/interop $(ARGS)

check: $(READY) ## lint, format, types, import arrows, drift of generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m spooltool.cli.docs --check
	$(BIN)/python -m tests.harness.parameters_page --check

format: $(READY) ## put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## write the generated docs anew
	$(BIN)/python -m spooltool.cli.docs
	$(BIN)/python -m tests.harness.parameters_page
	$(BIN)/python -m tests.harness.screens

interop: $(READY) ## against Postfix, swaks, Chromium ...; installs them from Debian where missing
	@packaging/install-interop
	@$(BIN)/python -m pytest tests/interop $(ARGS)

soak: $(READY) ## the gates of a release at full numbers, hours as root; ARGS="-k r1" runs some
	@packaging/install-interop
	@SOAK=1 $(BIN)/python -m pytest -m gate tests $(ARGS)

bench: $(READY) ## beside a tuned Postfix, as root; figures go to bench/RESULTS.md
	@packaging/install-interop
	@$(BIN)/python -m bench.run $(ARGS)

lock: ## pin the newest versions that pyproject.toml allows
	@packaging/make-lock "$(PYTHON)"

clean: ## remove .venv and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
