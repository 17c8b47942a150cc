# Two commands do everything on a fresh Debian machine with Rust, git and gcc:
#   make demo   builds and runs one validator with the demo data and prints its URLs
#   make test   runs every test
# Both build one profile, so that RocksDB and the consensus engine compile once.

CARGO   ?= cargo
PROFILE := --release
DEMO    := .demo
LISTEN  ?= 127.0.0.1:8080
TARGET  ?= all
SECONDS ?= 20
BINARY  := $(or $(CARGO_TARGET_DIR),target)/release/hefu

.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test test-rust test-web lint bench fuzz build setup setup-browser

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup:
	@scripts/setup build

setup-browser:
	@scripts/setup build browser

# There are no examples; asking for them makes Cargo choose the features of dependencies as it does for tests. Otherwise
# the tests would compile the engine and most else a second time.
build: setup
	$(CARGO) build $(PROFILE) --locked --workspace --bins --examples

demo: build ## one validator with the demo data; a second start continues its chain
	$(BINARY) dev --demo --data $(DEMO) --listen $(LISTEN)

demo-clean: ## forgets the demo's chain
	rm -rf $(DEMO)

test: test-rust test-web ## every test

test-rust: setup-browser
	$(CARGO) test $(PROFILE) --locked --workspace --no-fail-fast

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

bench: setup-browser ## figures of this machine, in one run
	$(CARGO) bench --locked --workspace
