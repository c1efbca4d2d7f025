# Two commands do all of it: `make run` and `make test`. Everything lands in .venv and data/.

PYTHON ?= python3
BIN := .venv/bin
# Where it is set nothing is byte-compiled, and TensorFlow takes 20 s to import instead of 6.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fast test-distributed test-wheel dev study tune lint bench kept-fast lock clean
.DEFAULT_GOAL := run

run: .venv/run ## bring the whole graph up to date and say where the report is
	$(BIN)/mnist-assets materialize

dev: .venv/run ## open the web UI on the same history
	DAGSTER_HOME=$(CURDIR) $(BIN)/dagster dev

study: .venv/run ## train every network over many seeds; the report then shows it
	$(BIN)/mnist-assets study
	$(BIN)/mnist-assets materialize

tune: .venv/run ## change one thing at a time in the notebook's networks; the report then shows what it was worth
	$(BIN)/mnist-assets tune
	$(BIN)/mnist-assets materialize

test: .venv/dev ## every test: those on real MNIST and of processes, too, and more examples of properties
	$(BIN)/pytest -m "not distributed" --hypothesis-profile=thorough

test-fast: .venv/dev ## the tests that make no whole graph and start no process
	$(BIN)/pytest

test-distributed: .venv/dev ## the graph on Postgres, Redis, an object store and workers, where they are installed
	$(BIN)/pytest -m distributed -n0 mnist_assets_tests/distributed

test-wheel: .venv/dev ## what somebody without a checkout has: the wheel in an empty environment and folder
	rm -rf build && mkdir -p build/wheel/folder
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/wheel .
	$(PYTHON) -m venv build/wheel/env
	$(BIN)/uv pip install --quiet --python build/wheel/env/bin/python --compile-bytecode build/wheel/*.whl 2> /dev/null || \
		build/wheel/env/bin/pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel/folder && ../env/bin/mnist-assets materialize && ../env/bin/mnist-assets status
	test -f build/wheel/folder/data/assets/report/notebook.html
	rm -rf build

lint: .venv/dev ## linter, formatter, type checker
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: .venv/dev ## training and the whole graph against the alternatives (half an hour)
	$(BIN)/python -m benchmarks

kept-fast: .venv/dev ## fail where a ratio is a quarter worse than the one committed (a minute and a half)
	$(BIN)/python -m benchmarks.kept_fast

# Those that tests need.
EXTRAS := celery kubernetes onnx postgres s3 tensorboard tuning

# uv installs in a third of pip's time; where it cannot be had, or cannot reach what pip reaches, pip
# does it. Either way all is byte-compiled.
define install
$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r $(1) 2> /dev/null || \
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef

.venv/run: requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock || true
	$(call install,requirements.lock)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: .venv/run requirements-dev.lock
	$(call install,requirements-dev.lock)
	touch $@

lock: ## pin the newest versions that the ranges in pyproject.toml allow
	echo uv | uv pip compile - --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --upgrade --quiet --output-file requirements-uv.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-annotate --upgrade --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --group dev $(patsubst %,--extra %,$(EXTRAS)) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-strip-extras --no-annotate --constraint requirements.lock --upgrade --quiet \
		--output-file requirements-dev.lock
	echo 'dagster-aws>=0.29,<0.30' | uv pip compile - pyproject.toml --extra celery --extra kubernetes --extra postgres --extra s3 \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header \
		--constraint requirements.lock --no-emit-package tensorflow --upgrade --quiet --output-file deploy/requirements.lock
	grep '^tensorflow==' requirements.lock | sed 's/tensorflow\(==[^ ;]*\).*/tensorflow-cpu\1/' | uv pip compile - --no-deps \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
		--output-file deploy/tensorflow-cpu.lock
	echo 'tensorflow[and-cuda]' | uv pip compile - --constraint requirements.lock \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header \
		--upgrade --quiet --output-file deploy/tensorflow-cuda.lock

clean: ## remove what the graph made, but not the dataset
	rm -rf data/assets data/dagster data/cache
