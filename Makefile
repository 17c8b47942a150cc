# Two commands do everything on a fresh Debian machine with Rust, git and gcc:
#   make demo   builds and runs four validators with the demo data and prints their URLs; STORY=full has 10,374 codes
#   make test   runs every test
# Both build one profile, so that RocksDB and the consensus engine compile once.

CARGO   ?= cargo
PROFILE := --release
STORY   ?= tiny
DEMO    := .demo$(if $(filter-out tiny,$(STORY)),-$(STORY))
PORT    ?= 8100
TARGET  ?= all
SECONDS ?= 20
SEEDS   ?= 100000
ROUNDS  ?= 10
SEED    ?= $(shell date +%s)
MINUTES ?= 30
BINARY  := $(or $(CARGO_TARGET_DIR),target)/release/hefu

.DEFAULT_GOAL := help
.PHONY: help demo demo-stop demo-clean test test-rust test-web lint bench bench-network fuzz sim chaos soak build setup setup-browser setup-databases setup-network setup-tests

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup:
	@scripts/setup build

setup-browser:
	@scripts/setup build browser

setup-databases:
	@scripts/setup build databases

setup-network:
	@scripts/setup network

setup-tests:
	@scripts/setup build browser clients books network

# There are no examples; asking for them makes Cargo choose the features of dependencies as it does for tests. Otherwise
# the tests would compile the engine and most else a second time.
build: setup
	$(CARGO) build $(PROFILE) --locked --workspace --bins --examples

demo: build ## four validators with the demo data, STORY=tiny or full; a second start continues their chain
	@test -e $(DEMO)/testnet.json || $(BINARY) testnet init --demo --story $(STORY) --dir $(DEMO) --port $(PORT)
	$(BINARY) testnet up --dir $(DEMO)

demo-stop: ## stops the demo's validators
	$(BINARY) testnet down --dir $(DEMO)

demo-clean: ## stops the demo's validators and forgets their chain
	@if test -e $(DEMO)/testnet.json; then $(BINARY) testnet down --dir $(DEMO); fi
	rm -rf $(DEMO)

test: test-rust test-web ## every test

# What processes and simulations tell is shown (rates, which links), and they come last: what fails stands at the end.
test-rust: setup-tests
	@$(CARGO) test $(PROFILE) --locked --workspace --no-fail-fast --lib --bins --test http --test pages --test cli; others=$$?; \
	$(CARGO) test $(PROFILE) --locked --workspace --test it -- --show-output && exit $$others

test-web: setup-browser
	scripts/test-web

lint: setup ## formatting, lints and, where cargo-deny is installed, licences and sources
	$(CARGO) fmt --all --check
	cd tests/fuzz && $(CARGO) fmt --check
	$(CARGO) clippy $(PROFILE) --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --offline check licenses bans sources; \
	else echo "cargo-deny is not installed: licences and sources were not checked"; fi

fuzz: setup ## inputs that break what must hold of them: every target for 20 s, or TARGET=row SECONDS=600
	@scripts/fuzz $(TARGET) $(SECONDS)

sim: setup ## validators in simulated worlds where everything fails: SEEDS=100000, or one again with HEFU_SEED=7
	HEFU_SEEDS=$(SEEDS) $(CARGO) test $(PROFILE) --locked --workspace --test it -- --nocapture --test-threads 1 simulation::

chaos: build setup-network ## real validators killed, cut off, with full disks, wiped, one key in two hands: ROUNDS=10 from SEED=…
	@seed=$(SEED); for round in $$(seq $(ROUNDS)); do \
	echo "round $$round of $(ROUNDS), again with: make chaos ROUNDS=1 SEED=$$seed"; \
	HEFU_SEED=$$seed $(CARGO) test $(PROFILE) --locked --workspace --test it -- --nocapture --test-threads 1 \
	network::kills network::partitions network::full network::snapshots network::a_wiped network::power network::twins || exit 1; \
	seed=$$((seed + 1)); done

soak: build ## four validators under load for MINUTES=30: memory and open files must stay flat
	HEFU_MINUTES=$(MINUTES) $(CARGO) test $(PROFILE) --locked --workspace --features hefu-tests/soak --test it -- --nocapture soak::

bench: setup-browser setup-databases build ## figures of this machine, in one run
	$(CARGO) bench --locked --workspace --bench ledger --bench settlement --bench agreements --bench provenance

bench-network: setup-databases build ## four validators under load, beside PostgreSQL and three etcd; HEFU_PARTS=catch-up for some
	$(CARGO) bench --locked --workspace --bench network
