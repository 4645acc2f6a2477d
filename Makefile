# watchdesk: every command a developer needs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock system bench-agent bench-intake bench-returning bench-pages bench-tray clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# What the tests start for real; each is installed when root and missing.
SYSTEM_PACKAGES := postgresql chromium systemd-container e2fsprogs fuse3 libfuse2 strace faketime \
	xvfb openbox xfce4-panel lxqt-panel xdotool dbus at-spi2-core

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/installed-dev ## make the virtual environment with everything a developer needs

demo: $(VENV)/installed-server ## see the main job: a service stops, a ticket opens, it resolves (ONCE=1 ends by itself)
	@$(BIN)/python -m demo $(if $(ONCE),--once)

test: system setup check ## run everything; with CI=true a skipped test is a failure
	$(BIN)/python -m pytest -n 2 $(PYTEST)

check: setup ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 -p agent
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin -p agent
	$(BIN)/lint-imports

format: setup ## format the code and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-agent: setup ## the agent's memory and CPU, beside its peers
	$(BIN)/python bench/agent.py

bench-intake: setup ## tickets per second, beside the machine's own limits (5 minutes)
	$(BIN)/python bench/intake.py --stored 100000

bench-returning: setup ## 2,000 devices come back after an outage while staff work
	$(BIN)/python bench/returning.py

bench-pages: setup ## how long the pages take with 100,000 and 1,000,000 tickets (10 minutes)
	$(BIN)/python bench/pages.py --tickets 100000 1000000

bench-tray: setup ## the icon's memory and CPU, and how soon the form is there
	$(BIN)/python bench/tray.py

lock: ## write the pinned requirements anew from pyproject.toml (needs uv)
	uv pip compile $(LOCK) pyproject.toml -o requirements.txt
	uv pip compile $(LOCK) --extra server pyproject.toml -o requirements-server.txt
	uv pip compile $(LOCK) --extra server --extra dev pyproject.toml -o requirements-dev.txt
	echo hatchling | uv pip compile $(LOCK) - -o requirements-build.txt
LOCK := --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11

system:
	@sh .ci/system-packages $(SYSTEM_PACKAGES)

$(VENV)/bin/python:
	@sh .ci/make-venv $(PYTHON) $(VENV)

$(VENV)/installed-server: requirements-server.txt requirements-build.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing watchdesk and what its server needs (about a minute)…"
	@$(PIP) install --progress-bar on --require-hashes -r requirements-build.txt -r requirements-server.txt | { grep --line-buffered -oE '^(Collecting|Installing) .{0,80}' || true; }
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q agent server_stub
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed-server
	@echo "Installing what the tests and checks need…"
	@$(PIP) install --progress-bar on --require-hashes -r requirements-dev.txt | { grep --line-buffered -oE '^(Collecting|Installing) .{0,80}' || true; }
	@touch $@

clean: ## remove the virtual environment, caches and the demo's folder
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
