PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv || echo $(BIN)/uv)

.DEFAULT_GOAL := help
.PHONY: help install serve test lint types bench bench-search schema lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: .venv/installed ## Put everything the project needs into .venv

serve: install ## Start the server with the sample sessions
	$(BIN)/reprise serve --samples

test: lint types ## Check everything: lint, types, tests
	$(BIN)/python -m pytest

lint: install ## Check style, formatting and who imports whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: install ## Check types
	$(BIN)/mypy

bench: install ## Measure speed
	$(BIN)/python -m tests.speed

bench-search: install ## Measure search over a million messages; the first run builds them
	$(BIN)/python -m tests.speed.search

schema: install ## Write schema/schema.graphql from the code
	$(BIN)/reprise schema > schema/schema.graphql.new
	mv schema/schema.graphql.new schema/schema.graphql

lock: $(UV) ## Write requirements.lock from pyproject.toml; with UPGRADE=1 at the newest versions
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		$(if $(UPGRADE),--upgrade) --group dev --output-file requirements.lock pyproject.toml

clean: ## Remove .venv, caches and builds
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml requirements.lock | $(BIN)/python $(UV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Reprise needs Python 3.11 or later." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# Only where there is no uv on the PATH: the release that requirements.lock names, its hash checked.
$(BIN)/uv: | $(BIN)/python
	awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement .venv/uv.txt
