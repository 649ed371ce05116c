# Every command of the project. Needs Python 3.11+, Node 20+ and make; the rest is installed here, from pinned locks.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Each worker gets a run of neighbours, so that what a module shares is made once; who is done takes from the other.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header $(if $(UPGRADE),--upgrade)
STEP := @scripts/step.sh

RUNTIME_LOCKS := requirements/runtime.txt requirements/build.txt
RUNTIME_READY := $(VENV)/.runtime-ready
PACKAGE_READY := $(VENV)/.package-ready
DEV_READY := $(VENV)/.dev-ready
CLIENTS_READY := .clients/.ready

# The web workspace is built where it is present.
ifneq ($(wildcard web/package.json),)
WEB_PACKAGES := web/node_modules/.packages-ready
WEB_READY := web/node_modules/.web-ready
WEB_SOURCES := $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)
endif

help:  ## This list.
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | awk -F ':.*  ## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

run: install  ## Install what is missing and run Waypost with a filled demo account.
	$(STEP) "Waypost, with a demo account"
	exec $(BIN)/waypost serve --demo

dev: install-dev  ## The same with development tools, and Git hooks that check each commit.
	$(STEP) "Git hooks"
	@if [ -d .git ]; then $(BIN)/pre-commit install; fi
	$(STEP) "Waypost, with a demo account"
	exec $(BIN)/waypost serve --demo

install: $(PACKAGE_READY) $(WEB_READY)  ## Install the product and its dependencies, no more.

install-dev: $(PACKAGE_READY) $(DEV_READY) $(WEB_READY)  ## Install the development tools too.

test: install-dev browser mail-servers clients lint types test-server test-external test-web  ## Install what the tests need and run all checks and tests.
	$(STEP) "All is well"

lint: install-dev  ## Style, formatting, import rules, dependencies and the project's own checks.
	$(STEP) "Style (ruff)"
	$(BIN)/ruff check
	$(STEP) "Formatting (ruff)"
	$(BIN)/ruff format --check
	$(STEP) "Import rules (import-linter)"
	$(BIN)/lint-imports --no-cache
	$(STEP) "Dependencies (deptry)"
	$(BIN)/deptry --no-ansi server/waypost
	$(STEP) "The project's own checks"
	@set -e; for check in scripts/check_*.py; do echo "$$check"; $(BIN)/python "$$check"; done

types: install-dev  ## Types (mypy, strict).
	$(STEP) "Types (mypy)"
	$(BIN)/mypy

format: install-dev  ## Format the code and mend what ruff can mend.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test-server: install-dev clients  ## The server's tests, on the private PostgreSQL.
	$(STEP) "Tests of the server, on the private PostgreSQL"
	$(PYTEST)

test-external: install-dev  ## The tests near the database again, on the PostgreSQL of the system or of WAYPOST_TEST_DATABASE_URL.
	$(STEP) "Tests near the database, on another PostgreSQL"
	@if [ -n "$${WAYPOST_TEST_DATABASE_URL:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then \
		$(PYTEST) -m database --postgres=external; \
	else \
		echo "Skipped: none is installed, and WAYPOST_TEST_DATABASE_URL is not set."; \
	fi

test-web: install-dev  ## The tests of the web workspace.
ifdef WEB_READY
	$(STEP) "Tests of the web workspace"
	npm --prefix web test --if-present
endif

browser: install-dev  # Chromium for the browser tests
	$(STEP) "A browser for the tests"
	scripts/ensure_chromium.sh

mail-servers:  # Dovecot and Postfix for the tests of mail
	$(STEP) "Mail servers for the tests"
	scripts/ensure_mail_servers.sh

clients: $(CLIENTS_READY)  ## Install the published clients that the tests run against a desk, in .clients.

golden: install-dev  ## Write the golden files anew; review the difference.
	WAYPOST_GOLDEN=write $(PYTEST)
	git --no-pager diff --stat -- spec

bench: install-dev  ## Measure the figures that the design promises.
	$(STEP) "Benchmarks"
	$(BIN)/python -m bench
	$(BIN)/python -m bench.search
	$(BIN)/python -m bench.mail
	$(BIN)/python -m bench.help_center

build: install-dev  ## Wheel and source archive, in dist/.
	$(STEP) "Wheel and source archive"
	rm -rf dist
	$(BIN)/python -m hatchling build --directory dist

lock:  ## Pin all dependencies anew (UPGRADE=1 takes newer versions). Needs uv.
	@command -v uv > /dev/null || { echo "uv is needed to pin dependencies: pip install uv"; exit 1; }
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml requirements/build.in --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	@set -e; for name in tools together; do $(COMPILE) requirements/clients/$$name.in -o requirements/clients/$$name.txt; done
	@set -e; for name in python-helpscout-v2 helpscout-wrapper; do \
		$(COMPILE) --no-deps requirements/clients/$$name.in -o requirements/clients/$$name.txt; done

clean:  ## Remove everything that was installed or built here. Data stays.
	rm -rf $(VENV) .clients dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache web/node_modules
	find server scripts bench -name __pycache__ -type d -prune -exec rm -rf {} + 2> /dev/null || true

$(VENV)/.made:
	$(STEP) "Python environment"
	scripts/make_venv.sh $(VENV)
	touch $@

$(RUNTIME_READY): $(RUNTIME_LOCKS) | $(VENV)/.made
	$(STEP) "Python packages"
	$(PIP) install --quiet --require-hashes $(RUNTIME_LOCKS:%=-r %)
	touch $@

$(PACKAGE_READY): pyproject.toml $(RUNTIME_READY)
	$(STEP) "Waypost itself"
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(DEV_READY): requirements/dev.txt $(RUNTIME_READY)
	$(STEP) "Development tools"
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	touch $@

$(CLIENTS_READY): $(wildcard requirements/clients/*) scripts/install_clients.sh | $(VENV)/.made
	$(STEP) "Published clients, for the tests"
	scripts/install_clients.sh $(BIN)/python
	touch $@

ifdef WEB_READY
$(WEB_PACKAGES): web/package.json $(wildcard web/package-lock.json)
	$(STEP) "Web packages"
	scripts/check_node.sh
	npm --prefix web ci --no-audit --no-fund
	touch $@

$(WEB_READY): $(WEB_PACKAGES) $(WEB_SOURCES)
	$(STEP) "Web build"
	npm --prefix web run build
	touch $@
endif

.PHONY: help run dev install install-dev test lint types format test-server test-external test-web browser mail-servers \
	clients golden bench build lock clean
