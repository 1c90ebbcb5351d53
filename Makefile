# Everything that a person or a pipeline runs. `make help` lists it.

PORT ?= 8080
export PORT

# Pythons to make the environment from, best first; pyenv's shims fail for versions that are not active, so its
# versions are looked at too. To name one: make run PYTHON=/path/to/python3.13
PYENV := "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions
PYTHON ?= python3.13 $(PYENV)/3.13.*[0-9]/bin/python python3.12 $(PYENV)/3.12.*[0-9]/bin/python python3 python
SUPPORTED := import sys; sys.exit(not (3, 12) <= sys.version_info < (3, 14))

VENV := .venv
PY := $(VENV)/bin/python

# A lock is installed when its stamp is newer. The service runs with either: the developers' lock holds all of
# the other, so once it is installed, nothing is taken away again.
DEVELOPMENT := $(VENV)/requirements-dev.lock.installed
RUNTIME := $(or $(wildcard $(DEVELOPMENT)),$(VENV)/requirements.lock.installed)

# An environment whose Python has gone is none.
$(shell test -x $(PY) || rm -f $(VENV)/*.installed)

COMPILE = $(PY) -m uv pip compile pyproject.toml --universal --python-version 3.12 --generate-hashes --no-header \
	--exclude-newer "7 days" --quiet --system-certs $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test lint format check mutants bench lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' Makefile

run: $(RUNTIME) ## Serve on http://localhost:8080 (PORT=...), installing what is missing
	@exec $(PY) -m app serve

demo: $(DEVELOPMENT) ## Kill an instance in the middle of its work, and watch another finish it
	@PYTHONPATH=. exec $(PY) docs/examples/demo.py

test: $(DEVELOPMENT) ## Run all tests, with the real Firestore emulator
	@exec $(PY) -m pytest --cov --cov-report=term-missing:skip-covered

lint: $(DEVELOPMENT) ## Check format, style, types and the direction of imports
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy app tests
	$(VENV)/bin/lint-imports

format: $(DEVELOPMENT) ## Put the code into the format, and mend what can be mended
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

check: lint test ## The gate: lint, then test

mutants: $(DEVELOPMENT) ## Break the core by hand, one way after another, and see the tests notice
	@exec $(PY) -m tests.house.mutants

bench: $(DEVELOPMENT) ## Ask for the health while forty documents of 200 KB are being read
	@exec $(PY) -m tests.benchmarks.health_under_load

lock: $(DEVELOPMENT) ## Pin what pyproject.toml asks for (UPGRADE=1: anew)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --all-extras --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean: ## Remove caches and reports; the environment and the stored tasks stay
	rm -rf .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find app tests docs -name __pycache__ -prune -exec rm -rf {} +

# An environment that was left half made is made anew. uv comes from the lock too, with its hashes, and trusts
# whom the machine trusts, as pip does: behind a company's proxy nothing else works.
$(VENV)/%.installed: %
	@$(call make_environment)
	@sed -n '/^uv==/,/# via/p' requirements-dev.lock >$(VENV)/uv.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt
	@$(PY) -m uv pip sync --quiet --system-certs --python $(PY) --require-hashes $<
	@touch $@

define make_environment
$(PY) -c "import pip; $(SUPPORTED)" 2>/dev/null && exit 0; \
for python in $(PYTHON); do \
	"$$python" -c "$(SUPPORTED)" 2>/dev/null || continue; \
	"$$python" -c "import ensurepip, venv" 2>/dev/null || { incomplete="$$python"; continue; }; \
	echo "Installing into $(VENV) with $$python; this is done once."; \
	rm -rf $(VENV) && exec "$$python" -m venv $(VENV); \
done; \
if [ "$$incomplete" ]; then \
	echo "$$incomplete cannot make virtual environments: install its venv module, on Debian 'python3-venv'." >&2; \
else \
	echo "No Python 3.12 or 3.13 was found: install one, or name it with PYTHON=/path/to/python3.13." >&2; \
fi; \
exit 1
endef
