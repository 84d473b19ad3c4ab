# The habits: make demo, make up, make test, make check, make bench, make docs.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# CPython 3.11 or 3.13: pocketsphinx has wheels for these.
PYTHON ?= $(shell for p in python3.11 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' 2>/dev/null && echo $$p && break; done)
# What an editable install is made from; it is made again when one of these changes.
SOURCES := pyproject.toml constraints.txt hatch_build.py package.json package-lock.json
PIP := $(BIN)/python -m pip --disable-pip-version-check install --no-input --prefer-binary -c constraints.txt

.PHONY: help setup setup-dev demo up test check bench docs catalogs format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Earmark needs CPython 3.11 or 3.13; none of python3.11, python3.13, python3 is one." >&2; exit 1; }
	@echo "Setting up in $(VENV) with $$($(PYTHON) --version). This takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(SOURCES) | $(BIN)/python
	@set -o pipefail; $(PIP) --progress-bar off -e '.[mic,train,voices]' | $(BIN)/python scripts/progress.py
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@set -o pipefail; $(PIP) --progress-bar off -e '.[dev]' | $(BIN)/python scripts/progress.py
	@touch $@

setup: $(VENV)/.ready ## Make .venv with everything Earmark needs
setup-dev: $(VENV)/.ready-dev ## The same, with the tools to change it

demo: $(VENV)/.ready ## Turn the ring once on sample speech and leave the app running
	@$(BIN)/earmark demo $(ARGS)

up: $(VENV)/.ready ## Start Earmark on this machine
	@$(BIN)/earmark up

test: $(VENV)/.ready-dev ## Run every test
	@# Hundreds of tests start processes; where no bytecode is kept each of them compiles all of Earmark first.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(VENV)/.ready-dev ## Lint, format, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.ready-dev ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-dev ## Measure: make bench ARGS="wake"
	@$(BIN)/earmark bench $(ARGS)

docs: $(VENV)/.ready-dev ## Write the generated pages of docs/ again
	@$(BIN)/python scripts/write_docs.py

catalogs: $(VENV)/.ready-dev ## Bring the translations of the owner's pages up to date
	@$(BIN)/python scripts/catalogs.py

clean: ## Remove the virtual environment and what builds left
	rm -rf $(VENV) build dist node_modules src/earmark/web/static/npm
