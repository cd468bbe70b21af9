# Needs Python 3.11 or later and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= output
# A third of a test run is waiting, so one process more than there are cores keeps them busy.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
PIN := --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo test test-fast lint format docs fuzz image-check sbom bench requirements clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

install: $(VENV)/.installed  ## Make the environment in .venv and install the product into it

install-dev: $(VENV)/.installed-dev  ## The same with everything that tests and checks need

demo: install  ## The whole main job on the bundled sample; files go to ./output
	@$(BIN)/tg-parser demo --out $(OUT)

test: install-dev  ## All tests, on SQLite and on a PostgreSQL that the tests start themselves
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-fast: install-dev  ## In a minute: unit tests, and the contracts of the storages on SQLite; no server starts
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not postgres" tests/unit tests/contract

lint: install-dev  ## Style, types, import rules, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/ruff check --preview --select PLW1514 .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --config-file tests/mypy.ini
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_docs.py --check
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; else echo "hadolint has no wheel for this system"; fi

format: install-dev  ## Bring all files into the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install-dev  ## Write the generated pages anew
	$(BIN)/python scripts/generate_docs.py

fuzz: install-dev  ## Generated requests at the whole API, with a key of each role
	$(BIN)/python scripts/fuzz_api.py

image-check:  ## As root on Debian, in three minutes: build the image by buildah without any registry, and run it
	deploy/check/image.sh

sbom: install-dev  ## What the product consists of, as CycloneDX in dist/, with a check of all licences
	$(BIN)/uv venv --quiet --clear build/product
	$(BIN)/uv venv --quiet --clear build/release
	$(BIN)/uv pip sync --quiet --python build/product --require-hashes requirements.txt
	$(BIN)/uv pip sync --quiet --python build/release --require-hashes requirements-release.txt
	mkdir -p dist
	build/release/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		-o dist/tg-parser.cdx.json build/product/bin/python
	$(BIN)/python scripts/licences.py dist/tg-parser.cdx.json

bench: install-dev  ## Benchmarks: each prints a table with ratios
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

requirements: install-dev  ## Pin all dependencies anew, with hashes
	$(BIN)/uv pip compile $(PIN) --upgrade pyproject.toml --extra llm --extra ner --extra otel --extra redis --group dev -o requirements-dev.txt
	$(BIN)/uv pip compile $(PIN) --upgrade -c requirements-dev.txt pyproject.toml --extra llm --extra otel --extra redis -o requirements.txt
	$(BIN)/uv pip compile $(PIN) --upgrade -c requirements-dev.txt --group build -o requirements-build.txt
	$(BIN)/uv pip compile $(PIN) --upgrade --group client-generator -o requirements-client-generator.txt
	$(BIN)/uv pip compile $(PIN) --upgrade --group release -o requirements-release.txt

clean:  ## Remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("TG_parser needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-client-generator.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m venv --without-pip $(VENV)/client-generator
	$(BIN)/python -m pip --python $(VENV)/client-generator/bin/python install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-client-generator.txt
	@touch $@
