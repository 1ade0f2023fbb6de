# Two commands for a stranger: `make demo` and `make test`. All of it lives in .venv; nothing else is touched.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8080
ARGS ?=
DIALECT ?=

BIN := $(VENV)/bin
SYNCED := $(VENV)/.synced
LOCKS := requirements/build.txt requirements/run.txt requirements/test.txt requirements/check.txt
UV := $(BIN)/uv pip
INSTALL := --quiet --require-hashes $(foreach lock,$(filter-out requirements/build.txt,$(LOCKS)),-r $(lock))

.DEFAULT_GOAL := help
.PHONY: help sync demo serve test check reference format bench prove-transfer lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

sync: $(SYNCED) ## Make the virtual environment .venv, with rollbook, tests and checks (PYTHON=python3.13)

$(SYNCED): pyproject.toml $(LOCKS) Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "rollbook needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1): make sync PYTHON=python3.13" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) cannot make virtual environments: on Debian, apt-get install python3-venv" >&2; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@# uv is fast, but knows nothing of pip's own configuration: where that names the registry, pip takes over.
	@$(UV) install --python $(BIN)/python $(INSTALL) || $(BIN)/python -m pip install --disable-pip-version-check $(INSTALL)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(SYNCED) ## Start a server with sample data on 127.0.0.1:8080 (PORT=9000 for another port, DIALECT=releezme)
	@exec $(BIN)/rollbook demo --port $(PORT) $(if $(DIALECT),--dialect $(DIALECT)) $(ARGS)

serve: $(SYNCED) ## Start the server (ARGS="--database postgresql://…")
	@exec $(BIN)/rollbook serve --port $(PORT) $(ARGS)

test: $(SYNCED) ## Run every test, a real PostgreSQL included (ARGS="-k filter tests/unit")
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

check: $(SYNCED) ## Lint, format check, types, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

reference: $(SYNCED) ## Write docs/reference anew
	@$(BIN)/python docs/reference.py

format: $(SYNCED) ## Put all code into its one form
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

bench: $(SYNCED) ## Measure this machine: ceilings, rollbook on both engines, scim2-server
	@$(BIN)/python -m bench.run $(ARGS)

prove-transfer: $(SYNCED) ## Bring 5,000 people in step over three days, in every dialect (PEOPLE=20000 for more)
	@PROVE_TRANSFER=$(or $(PEOPLE),5000) $(BIN)/python -m pytest -q tests/transfer/test_three_days.py $(ARGS)

# Without index addresses, so that a lock names no host; for all of Python 3.11 to 3.14 and every platform at once.
COMPILE := $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	--no-annotate $(if $(UPGRADE),--upgrade)

lock: ## Pin what pyproject.toml asks for (UPGRADE=1 for the latest)
	@$(COMPILE) pyproject.toml -o requirements/run.txt
	@$(COMPILE) --group test -c requirements/run.txt -o requirements/test.txt
	@$(COMPILE) --group check -c requirements/run.txt -c requirements/test.txt -o requirements/check.txt
	@$(COMPILE) requirements/bench.in -c requirements/run.txt -o requirements/bench.txt
	@$(COMPILE) requirements/build.in -c requirements/run.txt -c requirements/test.txt -c requirements/check.txt \
	  -o requirements/build.txt

clean: ## Remove .venv and everything that was made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
