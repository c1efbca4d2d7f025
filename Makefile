# Two commands do all of it: `make run` and `make test`. Everything lands in .venv and data/.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-fast dev study lint bench lock clean
.DEFAULT_GOAL := run

run: .venv/run ## bring the whole graph up to date and say where the report is
	$(BIN)/mnist-assets materialize

dev: .venv/run ## open the web UI on the same history
	DAGSTER_HOME=$(CURDIR) $(BIN)/dagster dev

study: .venv/run ## train every network over many seeds; the report then shows it
	$(BIN)/mnist-assets study
	$(BIN)/mnist-assets materialize

test: .venv/dev ## every test: the fast ones, then those on real MNIST
	$(BIN)/pytest -m "slow or not slow"

test-fast: .venv/dev ## the tests that need no training on real MNIST
	$(BIN)/pytest

lint: .venv/dev ## linter, formatter, type checker
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/dev ## training and the whole graph against the alternatives (half an hour)
	$(BIN)/python -m benchmarks

# pip may skip byte-compiling (PYTHONDONTWRITEBYTECODE); without it TensorFlow takes 20 s to import.
.venv/run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 .venv/lib mnist_assets || true
	touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m compileall -q -j 0 .venv/lib || true
	touch $@

lock: ## pin the newest versions that the ranges in pyproject.toml allow
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-annotate --upgrade --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-annotate --constraint requirements.lock --upgrade --quiet \
		--output-file requirements-dev.lock

clean: ## remove what the graph made, but not the dataset
	rm -rf data/assets data/dagster data/cache
