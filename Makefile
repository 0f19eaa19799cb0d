# Everything a newcomer types. Each target sets up what it needs and skips what is done.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1
export TOKENIZERS_PARALLELISM := false

.PHONY: help setup browser demo test test-fast lint format bench attacks reference seminars certify clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "== Python packages into $(VENV) (once; a few minutes)"
	$(PYTHON) tools/check_python.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(VENV)/.installed  ## Virtual environment, base model and data (skipped when done)
	@$(BIN)/zachetka data prepare hw1
	@$(BIN)/zachetka data prepare hw2a
	@$(BIN)/zachetka model prepare

browser: $(VENV)/.installed  ## Chromium for the tests that look at pages
	@$(BIN)/python tools/ensure_chromium.py

demo: setup  ## Play a homework and a competition on their sample classes into build/demo/
	$(BIN)/zachetka demo

test: setup browser  ## All tests
	$(BIN)/python -m pytest -n 2

test-fast: $(VENV)/.installed  ## Tests without models, browsers and slow cases
	$(BIN)/python -m pytest -m "not slow and not model and not browser" -n 2

lint: $(VENV)/.installed  ## Formatting, style, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed  ## Mend formatting and what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## Ratios measured side by side, into build/bench.json
	$(BIN)/python -m tools.bench

attacks: setup  ## The attack corpus as root and as a user, into build/attacks.json
	$(BIN)/python -m tools.attacks

seminars: setup  ## Run the seven seminars' experiments into build/seminars/
	$(BIN)/python -m tools.seminars

# Every assignment is tried, and the target fails in the end when one of them did.
certify: setup  ## All hidden tests against their mutants; the seminars' against generated ones too
	@failed=; for name in hw1 hw2a; do $(BIN)/zachetka certify $$name || failed=1; done; \
	for n in 1 2 3 4 5 6 7; do $(BIN)/zachetka certify seminar$$n --generated || failed=1; done; \
	test -z "$$failed"

reference: setup  ## Train the references of HW1 and HW2A again and print their numbers
	$(BIN)/python -m tools.reference hw1
	$(BIN)/python -m tools.reference hw2a

clean:  ## Remove what the build made (not the virtual environment, not the cache)
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
