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

# The commit that an image is built from and named after.
COMMIT := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
IMAGE ?= localhost/afterword:$(COMMIT)

# What builds an image, called with a folder and the image's name; what checks a Terraform module, called like
# infra/check.sh; and, if there is one, what runs an image as Cloud Run does and checks it, called with its name and
# a port.
IMAGE_BUILDER ?= sh -c 'exec docker build --platform=linux/amd64 --build-arg COMMIT=$(COMMIT) $(if $(LOCK),--build-arg LOCK=$(LOCK)) --tag "$$1" "$$0"'
IMAGE_RUNNER ?=
TERRAFORM_CHECK ?= infra/check.sh
export COMMIT IMAGE_RUNNER TERRAFORM_CHECK
CHECKOV ?= $(VENV)-infra/bin/checkov

# What is asked about known vulnerabilities; a copy of osv.dev that is asked instead; and the ids of those that were
# read and do no harm here, each with its reason in this comment.
AUDITOR := $(VENV)-audit/bin/pip-audit
LOCKS = requirements.lock requirements-spacy.lock requirements-dev.lock requirements-evaluation.lock \
	requirements-infra.lock requirements-audit.lock
OSV =
ACCEPTED =

# Where the image lists its packages, and what looks into it.
SBOM := /usr/share/doc/afterword/sbom.cdx.json
CONTAINER_ENGINE ?= $(shell docker version >/dev/null 2>&1 && echo docker || echo podman)

# Processes that run tests: one more than there are processors, since many tests wait for the servers that they start.
# Files are handed out in their order: those with few long tests (acceptance, chaos) come first, not last.
TESTERS ?= $(shell echo $$(($$(nproc) + 1)))

# How a run of the chaos suite is repeated, and how only a part of it is run. The whole of it begins with the state
# machine of a task's life, lived two thousand times.
LIVES = tests/unit/engine/test_task_life.py $(if $(SEED),--hypothesis-seed=$(SEED))
CHAOS = $(if $(SEED),--seed=$(SEED)) $(if $(ONLY),--only='$(ONLY)')

# What a run of the fuzz suite sends, and to which store.
FUZZ = $(if $(SEED),--seed=$(SEED)) $(if $(STORE),--store=$(STORE))

# What the evaluation is asked: all of it, or `ASK="--language es --misses"`; `--help` says what else.
EVALUATOR := $(VENV)-evaluation/bin/python
ASK ?=

# The service that is released to, or rolled back.
SERVICE ?= afterword
WHERE = --project=$(PROJECT) --region=$(REGION) --service=$(SERVICE)
RELEASED = $(REGION)-docker.pkg.dev/$(PROJECT)/afterword/afterword:$(COMMIT)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test lint format check mutants chaos chaos-short fuzz fuzz-short browser bombs bench bench-tenants bench-watch bench-read evaluate learn image image-check check-infra deploy rollback audit lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s  %s\n", $$1, $$2 }' Makefile

run: $(RUNTIME) ## Serve on http://localhost:8080 (PORT=...), installing what is missing
	@exec $(PY) -m app serve

demo: $(DEVELOPMENT) ## Kill an instance in the middle of its work, and watch another finish it
	@PYTHONPATH=. exec $(PY) docs/examples/demo.py

test: $(DEVELOPMENT) $(AUDITOR) ## Run all tests, with the real Firestore emulator
	@exec $(PY) -m pytest --numprocesses=$(TESTERS) --dist=loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered

lint: $(DEVELOPMENT) ## Check format, style, types and the direction of imports
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy app infra tests
	$(VENV)/bin/lint-imports

format: $(DEVELOPMENT) ## Put the code into the format, and mend what can be mended
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

check: lint test ## The gate: lint, then test

mutants: $(DEVELOPMENT) ## Break the core by hand, one way after another, and see the tests notice
	@exec $(PY) -m tests.house.mutants

chaos: $(DEVELOPMENT) ## Kill, stop and starve everything while callers use it, and see every task end (SEED=..., ONLY=...)
	@$(if $(ONLY),,AFTERWORD_TEST_LIVES=2000 $(PY) -m pytest -q $(LIVES))
	@exec $(PY) -m tests.chaos $(CHAOS)

chaos-short: $(DEVELOPMENT) ## The same within two minutes, many faults at once (SEED=...)
	@exec $(PY) -m tests.chaos --short $(CHAOS)

fuzz: $(DEVELOPMENT) ## Send what the OpenAPI document allows, and what it forbids, over both stores (SEED=..., STORE=...)
	@exec $(PY) -m tests.fuzz $(FUZZ)

fuzz-short: $(DEVELOPMENT) ## The same within a minute, over SQLite (SEED=...)
	@exec $(PY) -m tests.fuzz --short $(FUZZ)

browser: $(DEVELOPMENT) ## Watch tasks from pages in a real browser (needs Chromium)
	@exec $(PY) -m pytest -q tests/browser

bombs: $(DEVELOPMENT) ## Read files that were made to do harm, all at the full size that may be sent
	@AFTERWORD_TEST_SHARE=1 exec $(PY) -m pytest -q tests/unit/processors/test_extraction_bombs.py

bench: $(DEVELOPMENT) ## Ask for the health while forty documents of 200 KB are being read
	@exec $(PY) -m tests.benchmarks.health_under_load

bench-tenants: $(DEVELOPMENT) ## Measure what one caller notices of wrong keys and of another caller's flood
	@exec $(PY) -m tests.benchmarks.tenants

bench-read: $(DEVELOPMENT) ## Measure how long documents of 2 KB to 8 MB take the default engine, and how much memory
	@exec $(PY) -m tests.benchmarks.reading

bench-watch: $(DEVELOPMENT) ## Measure what a thousand watchers cost, and how soon they hear of a write (SHORT=1: less)
	@exec $(PY) -m tests.benchmarks.watchers $(if $(SHORT),--short)

evaluate: $(VENV)-evaluation/bin/spacy ## Measure how good the answers are, beside spaCy, yake and the first 80 words (ASK="--misses")
	@$(if $(ASK),,$(EVALUATOR) -m pytest -q tests/evaluation)
	@exec $(EVALUATOR) -m tests.evaluation $(ASK)

learn: $(VENV)-evaluation/bin/spacy ## Learn anew how key phrases are ranked, from all documents but the untouched ones
	@exec $(EVALUATOR) -m tests.evaluation.learning

image: $(DEVELOPMENT) ## Build the image (IMAGE=name, LOCK=requirements-spacy.lock), and list its packages in build/sbom.cdx.json
	$(VENV)/bin/hadolint Dockerfile
	$(IMAGE_BUILDER) . $(IMAGE)
	@mkdir -p build
	@made=$$($(CONTAINER_ENGINE) create $(IMAGE)) && trap '$(CONTAINER_ENGINE) rm '$$made' >/dev/null' EXIT && \
		$(CONTAINER_ENGINE) cp $$made:$(SBOM) build/sbom.cdx.json

image-check: $(DEVELOPMENT) ## Run the image as Cloud Run does, and try it (needs docker or podman, and `make image`)
	@AFTERWORD_IMAGE='$(IMAGE)' exec $(PY) -m pytest tests/infra/image -rP

check-infra: $(DEVELOPMENT) $(CHECKOV) ## Check the Terraform tree, and what it plans for each environment
	@plans=$$(mktemp -d) && trap 'rm -rf "$$plans"' EXIT && export TF_VAR_project_id=afterword-check && \
	$(TERRAFORM_CHECK) infra --steps fmt,init,validate,test && \
	for environment in dev prod; do \
		echo "$$environment:" && $(TERRAFORM_CHECK) infra --var-file infra/environments/$$environment.tfvars \
			--plan-json "$$plans/$$environment.json" --steps init,plan || exit 1; \
	done && \
	AFTERWORD_PLANS="$$plans" $(PY) -m pytest -q --numprocesses=$(TESTERS) tests/infra/plans
	$(CHECKOV) --directory infra

deploy: $(DEVELOPMENT) ## Check, build, push and release this commit (PROJECT=..., REGION=...)
	@$(PY) infra/deploy.py preflight $(WHERE) --commit=$(COMMIT)
	@$(MAKE) check image IMAGE=$(RELEASED)
	@$(PY) infra/deploy.py preflight $(WHERE) --commit=$(COMMIT)
	@docker push $(RELEASED)
	@exec $(PY) infra/deploy.py release $(WHERE) --image=$(RELEASED) --commit=$(COMMIT)

rollback: $(DEVELOPMENT) ## Go back to what served before the last release (PROJECT=..., REGION=...)
	@exec $(PY) infra/deploy.py rollback $(WHERE)

audit: $(DEVELOPMENT) $(AUDITOR) ## Ask osv.dev, online, for known vulnerabilities in what is pinned (LOCKS=..., ACCEPTED=ids)
	@exec $(PY) infra/audit.py --program=$(AUDITOR) $(addprefix --osv-url=,$(OSV)) \
		$(addprefix --accept=,$(ACCEPTED)) $(LOCKS)

lock: $(DEVELOPMENT) ## Pin what pyproject.toml asks for (UPGRADE=1: anew)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	$(COMPILE) --extra spacy --constraints requirements.lock --output-file requirements-spacy.lock
	$(COMPILE) --extra spacy --group dev --group evaluation --constraints requirements-dev.lock --output-file requirements-evaluation.lock
	$(subst pyproject.toml,--group infra,$(COMPILE)) --output-file requirements-infra.lock
	$(subst pyproject.toml,--group audit,$(COMPILE)) --output-file requirements-audit.lock

clean: ## Remove caches and reports; the environment and the stored tasks stay
	rm -rf .coverage .coverage.* build htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find app infra tests docs -name __pycache__ -prune -exec rm -rf {} +

# checkov asks for other releases than the service does; what audits is also installed where the image is built, and so
# is kept small; what the answers are compared with takes 300 MB. Each has an environment of its own.
$(VENV)-infra/bin/checkov: requirements-infra.lock
$(VENV)-audit/bin/pip-audit: requirements-audit.lock
$(VENV)-evaluation/bin/spacy: requirements-evaluation.lock
$(VENV)-infra/bin/checkov $(VENV)-audit/bin/pip-audit $(VENV)-evaluation/bin/spacy: $(DEVELOPMENT)
	@$(PY) -m uv venv --quiet --clear --python $(PY) $(@D:/bin=)
	@$(PY) -m uv pip sync --quiet --system-certs --python $(@D)/python --require-hashes $(filter %.lock,$^)
	@touch $@

# An environment that was left half made is made anew. uv comes from the lock too, with its hashes, and trusts
# whom the machine trusts, as pip does: behind a company's proxy nothing else works. Compiled once, every start is a
# second faster, also where Python may write no bytecode.
$(VENV)/%.installed: %
	@$(call make_environment)
	@sed -n '/^uv==/,/# via/p' requirements-dev.lock >$(VENV)/uv.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.txt
	@$(PY) -m uv pip sync --quiet --compile-bytecode --system-certs --python $(PY) --require-hashes $<
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
