# Every target sets up .venv by itself; nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help conformance conformance-http test lint docs crashes clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

conformance: $(STAMP) ## judge the reference relay, in one process and in virtual time
	@$(BIN)/relay-harness conform

conformance-http: $(STAMP) ## the same with real processes over real sockets
	@$(BIN)/relay-harness conform --http

test: $(STAMP) ## all tests
	@$(BIN)/python -m pytest

lint: $(STAMP) ## ruff, formatting, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(STAMP) ## write the generated lists in the documents anew
	@$(BIN)/relay-harness docs

crashes: $(STAMP) ## kill the relay 300 times under traffic (minutes)
	@$(BIN)/relay-harness crashes --kills 300

clean: ## remove everything that was set up or produced
	rm -rf $(VENV) build dist report simulation-failures .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[postgresql]' --group dev
	@touch $@
