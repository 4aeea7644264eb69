# Everything a developer runs; `make help` lists it. Each target makes the virtual environment when needed.

PYTHON ?= python3
# Twice the cores of a small machine: a test against the API server mostly waits, for a process or for an event.
PYTEST_WORKERS ?= 4
# Whose operator `upgrade-from` begins with.
BASE ?= main

# Where a caller's setting forbids to keep byte code, every process compiles the whole project anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALLED := .venv/.installed

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Index settings come from the environment and must not reach the files.
PIP_COMPILE := CUSTOM_COMPILE_COMMAND="make requirements" $(BIN)/pip-compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(INSTALLED) ## Do the main job in the sandbox and stay up until Ctrl-C (DEMO_ONCE=1: exit)
	$(BIN)/python -m hack.demo

# Worlds that a module shares are made once. In the order of the folders the slow modules come first, so that no worker is
# left alone with them. The property tests take the same examples in every run.
PYTEST := $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadscope --no-loadscope-reorder --hypothesis-profile=ci

.PHONY: test
test: lint docs control-plane helm promtool postgresql ## Run the linters and nine of ten tests
	$(PYTEST) -m "not slow"

.PHONY: test-all
test-all: lint docs control-plane helm promtool postgresql ## Run the linters and every test, as continuous integration does
	$(PYTEST)

.PHONY: properties
properties: $(INSTALLED) ## Run the property tests on examples that no run has seen before
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -m hypothesis tests/unit

.PHONY: chaos
chaos: $(INSTALLED) control-plane ## Kill the operator at every external write; see docs/reliability.md
	CHAOS=all $(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal tests/chaos

.PHONY: chaos-golden
chaos-golden: $(INSTALLED) control-plane ## Write the golden tables of external writes anew
	$(BIN)/python -m tests.chaos.golden

.PHONY: upgrade-snapshot
upgrade-snapshot: $(INSTALLED) control-plane ## Record what this release leaves, for later ones to write nothing into
	$(BIN)/python -m tests.upgrade.record \
		tests/upgrade/snapshots/$$($(BIN)/python -c 'import rds_enrollment as it; print(it.__version__)').json

.PHONY: upgrade-from
upgrade-from: $(INSTALLED) control-plane ## Upgrade from the operator of another commit (by default BASE=main), too
	rm -rf build/upgrade && mkdir -p build/upgrade/source
	git archive $(BASE) operator | tar -x -C build/upgrade/source
	$(BIN)/python -m tests.upgrade.record build/upgrade/snapshots/base.json "$(CURDIR)/build/upgrade/source/operator"
	UPGRADE_SNAPSHOTS=build/upgrade/snapshots $(BIN)/python -m pytest -q tests/cluster/test_upgrade.py

.PHONY: bench
bench: $(INSTALLED) control-plane ## Measure side by side and print the tables of docs/performance.md (BENCH=NAME: one of them)
	$(BIN)/python -m hack.bench $(BENCH)

.PHONY: lint
lint: $(INSTALLED) ## Check style, types and the layers between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(INSTALLED) ## Rewrite the sources in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: control-plane
control-plane: $(INSTALLED) ## Find or build kube-apiserver, etcd and kubectl (minutes, once)
	$(BIN)/python -m hack.sandbox.controlplane --build-only

.PHONY: helm
helm: $(INSTALLED) ## Find or install Helm 4
	$(BIN)/python -m hack.sandbox.helm

.PHONY: postgresql
postgresql: $(INSTALLED) ## Find or install PostgreSQL's server
	$(BIN)/python -m hack.sandbox.postgresql.binaries

.PHONY: promtool
promtool: $(INSTALLED) ## Find or build Prometheus's promtool (minutes, once)
	$(BIN)/python -m hack.sandbox.promtool

.PHONY: crds
crds: $(INSTALLED) ## Write crds/ and the chart's copy from the models
	$(BIN)/python -m hack.crdgen

.PHONY: chart-snapshots
chart-snapshots: helm ## Write the snapshots of the rendered chart
	$(BIN)/python -m tests.chart.rendering

.PHONY: argocd
argocd: $(INSTALLED) ## Write Argo CD's health scripts from the reasons
	$(BIN)/python -m hack.argocd

.PHONY: argocd-testdata
argocd-testdata: control-plane ## Take the test data of the health scripts from a run in the sandbox
	$(BIN)/python -m hack.argocd.capture

.PHONY: protos
protos: $(INSTALLED) ## Write the Python modules of Teleport's wire messages
	$(BIN)/python -m hack.protogen

.PHONY: generate
generate: crds argocd docs-reference ## Write everything that follows from the models, the reasons and the settings

.PHONY: docs
docs: $(INSTALLED) ## Build the site of docs/ into build/docs; every warning is an error
	$(BIN)/python -m sphinx --quiet --nitpicky --fail-on-warning --keep-going --doctree-dir build/doctrees \
		--builder html docs build/docs

.PHONY: docs-reference
docs-reference: $(INSTALLED) ## Write the generated pages of docs/reference from the code
	$(BIN)/python -m hack.docsgen

.PHONY: dist
dist: $(INSTALLED) ## Build the wheel, the source distribution and their sums into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build --directory dist
	cd dist && sha256sum * > SHA256SUMS

.PHONY: requirements
requirements: $(INSTALLED) ## Renew the locks after a change of pyproject.toml (UPGRADE=1: newest versions)
	$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/runtime.txt pyproject.toml
	$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --extra sandbox --extra docs --extra dev --build-deps-for editable \
		--constraint requirements/runtime.txt --output-file requirements/dev.txt pyproject.toml
	$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/go.txt requirements/go.in

# The project itself is installed in place, by the build backend that the lock already brought.
$(INSTALLED): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@
