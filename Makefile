# Only Python 3.11 or newer (with venv) and make are needed beforehand; everything else goes into .venv by hash.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# The first of these that is new enough makes .venv.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
T ?= tests
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes

.DEFAULT_GOAL := help
# Two files of tests at a time, each process with servers of its own; JOBS=0 runs them one after another.
JOBS ?= 2
PARALLEL = -n $(JOBS) --dist loadfile

.PHONY: help setup demo test check format types lint docs schema snapshot migration catalogue faults bench smoke lock clean

help: ## show this list
	@echo 'make ...'
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: $(VENV)/.dev ## make .venv with everything that developing needs

demo: $(VENV)/.runtime ## run everything with a demo school on http://127.0.0.1:8000 (DIARY_PORT=...); Ctrl-C stops it
	@exec $(BIN)/diary up --demo --with-parent --port $(or $(DIARY_PORT),$(PORT),8000)

test: $(VENV)/.dev ## run every test, or those of T=tests/api
	$(BIN)/python -m pytest -m 'not faults' $(PARALLEL) $(T)

check: lint types snapshot ## all that CI does
	$(BIN)/python -m pytest -m 'not faults' $(PARALLEL)
	$(MAKE) smoke

lint: $(VENV)/.dev ## formatting, rules, import arrows, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/codespell

types: $(VENV)/.dev ## the strict type checker
	$(BIN)/mypy .

snapshot: $(VENV)/.dev ## whether the generated books and the schema are up to date
	$(BIN)/python docs/generate.py --check
	@$(BIN)/python -c 'import sys; from api.snapshot import SNAPSHOT, printed; \
		sys.exit(None if SNAPSHOT.read_text() == printed() else "api/schema.graphql is out of date: make schema")'

format: $(VENV)/.dev ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## write docs/rules.md and docs/errors.md anew
	$(BIN)/python docs/generate.py

schema: $(VENV)/.dev ## write api/schema.graphql anew
	$(BIN)/python -m api.snapshot

migration: $(VENV)/.dev ## write a migration of what changed in the tables: DESC='what it does'
	@test -n "$(DESC)" || { echo "say what it does: make migration DESC='...'" >&2; exit 2; }
	PICCOLO_CONF=piccolo_conf $(BIN)/piccolo migrations new diary --auto --desc="$(DESC)"

catalogue: $(VENV)/.dev ## take new sentences into the English catalogue and drop those that are gone
	@mkdir -p build $(dir $(CATALOGUE))
	$(BIN)/pybabel -q extract --mapping-file=babel.cfg --no-location --sort-output --output-file=build/diary.pot $(SPEAKING)
	$(BIN)/pybabel -q update --init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=120 \
		--input-file=build/diary.pot --output-file=$(CATALOGUE) --locale=en

faults: $(VENV)/.dev ## the long kill-and-recover and simulation runs
	$(BIN)/python -m pytest -m faults

bench: $(VENV)/.dev ## how long the ledger takes for a school of 1,000 pupils
	$(BIN)/python -m benchmarks.obligations

smoke: $(VENV)/.dev ## `make demo` in an empty folder, as a newcomer would
	$(BIN)/python tests/smoke.py

lock: build/lock/.uv ## resolve the requirements anew, with hashes
	build/lock/bin/uv pip compile $(COMPILE) --group dev pyproject.toml --output-file requirements-dev.lock
	build/lock/bin/uv pip compile $(COMPILE) --constraint requirements-dev.lock pyproject.toml --output-file requirements.lock

clean: ## remove .venv and everything generated; never the data in var
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

CATALOGUE := diary/locale/en/LC_MESSAGES/diary.po
# The folders with sentences for people.
SPEAKING := admin api cabinet diary embedded printing tasks

COMPILE := --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

# What the developer's lock holds includes the runtime's lock at the same versions.
$(VENV)/.dev: requirements-dev.lock $(VENV)/.made
	@echo 'Installing what developing needs into $(VENV) ...'
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $(VENV)/.runtime $@

$(VENV)/.runtime: requirements.lock $(VENV)/.made
	@echo 'Installing the service into $(VENV) (once, about a minute) ...'
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.made:
	@for python in $(PYTHONS); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$python && break; \
	done; \
	if [ -z "$$found" ]; then echo 'Python 3.11 or newer is needed, and none of these is: $(PYTHONS)' >&2; exit 1; fi; \
	$$found -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$$found has no venv: install it first (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	$$found -m venv --clear $(VENV)
	@printf '%s\n' '#!/bin/sh' 'bin=$$(dirname "$$(readlink -f "$$0")")' 'exec "$$bin/python" "$$bin/../../cli.py" "$$@"' > $(BIN)/diary
	@chmod +x $(BIN)/diary
	@touch $@

build/lock/.uv:
	python3 -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@
