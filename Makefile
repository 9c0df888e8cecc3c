# Python 3.11+ and make are all that is needed; the rest is set up here. What is longer than a line is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help setup run test check audit bench backends run-scaled screenshots clean
PYTEST ?=
# Some machines forbid it; without its caches Python compiles our code anew at every start.
unexport PYTHONDONTWRITEBYTECODE

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r a b; do printf '%-16s %s\n' "$$a" "$$b"; done

setup: ## Set up .venv (each of the others does)
	@scripts/setup

run: setup ## Serve on http://127.0.0.1:8080 (TIDINGS_PORT), data in var/ (TIDINGS_DATA), Ctrl-C stops
	@TIDINGS_DEMO=$${TIDINGS_DEMO:-true} exec .venv/bin/tidings serve

test: setup ## The whole suite, embedded and on real backends (PYTEST="-k words" narrows it)
	@exec scripts/test $(PYTEST)

check: setup ## Format, lint, types, import contracts, fast tests: under a minute
	@exec scripts/check

audit: setup ## Ask the public advisories about everything in uv.lock; 2 where none can be reached
	@exec .venv/bin/python scripts/audit.py

bench: setup ## Measure; benchmarks/out.json for programs
	@exec .venv/bin/tidings bench

backends: setup ## Start real Kafka, PostgreSQL and Redis (deploy/backends down stops them)
	@exec .venv/bin/python deploy/backends up

run-scaled: setup ## Every service its own process on real backends, as docker-compose.yml says
	@exec .venv/bin/python deploy/run-scaled

screenshots: setup ## Pictures of the real pages, at 320, 768 and 1280 pixels, into docs/screenshots
	@exec .venv/bin/python scripts/screenshots.py

clean: ## Stop the backends; remove them, the caches and .venv; data in var/ stays
	@if [ -e .backends ]; then python3 deploy/backends down --wipe; fi
	rm -rf .backends .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
