# Every target sets up .venv by itself, with the versions in uv.lock; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv
# The tests start hundreds of processes: none of them shall compile everything again, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=
# As many workers as processors; TEST_WORKERS=0 runs the tests in one process.
TEST_WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help conformance conformance-http test check lint dead-code mutants lock docs crashes bench clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

conformance: $(STAMP) ## judge the reference relay, in one process and in virtual time
	@$(BIN)/relay-harness conform

conformance-http: $(STAMP) ## the same with real processes over real sockets
	@$(BIN)/relay-harness conform --http

test: $(STAMP) ## all tests, on all processors
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal

check: lint test ## lint and all tests: what a change must pass

lint: $(STAMP) ## ruff, formatting, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

dead-code: $(STAMP) ## names that nothing seems to use: places to look, not a verdict
	@$(BIN)/vulture

mutants: $(STAMP) ## change each decision of the checks and of the relay: do the tests notice? (minutes)
	@$(UV) run --quiet --isolated --locked --python $(BIN)/python --group mutants python -m tests.mutation

lock: $(STAMP) ## renew uv.lock within the ranges of pyproject.toml
	@$(UV) lock --upgrade

docs: $(STAMP) ## write the generated lists in the documents, and the pictures of the pages (needs Chromium)
	@$(BIN)/relay-harness docs
	@$(BIN)/python -m tests.broken
	@$(BIN)/python -m tests.mutation docs
	@$(BIN)/python -m loadtests.bench --from docs/benchmarks.json --page docs/benchmarks.md
	@$(BIN)/python -m tests.pictures

crashes: $(STAMP) ## kill the relay 300 times under traffic (minutes)
	@$(BIN)/relay-harness crashes --kills 300

bench: $(STAMP) ## measure everything and write docs/benchmarks.md (needs Node.js, and an idle machine for 5 minutes)
	@$(BIN)/python -m loadtests.bench --peers .bench --json > docs/benchmarks.new
	@mv docs/benchmarks.new docs/benchmarks.json
	@$(BIN)/python -m loadtests.bench --from docs/benchmarks.json --page docs/benchmarks.md

clean: ## remove everything that was set up or produced
	rm -rf $(VENV) .bench docs/benchmarks.new build dist report simulation-failures .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	@$(UV) sync --quiet --locked --inexact --compile-bytecode --extra postgresql
	@touch $@
