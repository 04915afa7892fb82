# Everything a person types here. `make` alone prints this help.
PYTHON ?= python3
PY := .venv/bin/python
MANAGE := $(PY) manage.py
# The second half of the tests runs on these; where they do not answer it is skipped, and fails when CI=true.
TEST_DATABASE_URL ?= postgresql://postgres@127.0.0.1:5432/reelmill
TEST_REDIS_URL ?= redis://127.0.0.1:6379/9
FAST := not e2e and not kill and not bench
# A test of real processes may lose to a busy machine once; the names are printed, with what failed. Kills get no second chance.
AGAIN := --reruns 1 --reruns-delay 3 --max-suite-reruns 3 --rerun-show-tracebacks

# Where the shell forbids byte code, each of a dozen pytest processes would rewrite the asserts of all tests anew, seconds each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help environment environment-dev run worker test check fmt bench bench-narrowband screenshots vendor messages lock
.DEFAULT_GOAL := help

help: ## Print this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

environment:
	@$(PYTHON) tools/environment.py requirements.lock

environment-dev:
	@$(PYTHON) tools/environment.py requirements-dev.lock

run: environment ## Install what is missing, then run web and workers; Ctrl-C ends everything
	@$(MANAGE) first_run
	@exec $(MANAGE) serve

worker: environment ## Run workers only, on a further host (DATABASE_URL names the shared database)
	@exec $(MANAGE) worker

check: environment-dev ## Lint, formats, types, layers, migrations: about a minute, changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@git ls-files -z '*.html' | xargs -0 .venv/bin/djade --target-version 5.2 --check
	@$(PY) -m djlint . --lint --quiet
	@$(PY) -m mypy .
	@.venv/bin/lint-imports
	@$(PY) tools/scratch.py $(MANAGE) check
	@$(PY) tools/scratch.py $(MANAGE) makemigrations --check --dry-run
	@$(PY) -m pytest -q tests/test_architecture.py tests/test_docs.py

test: check ## Everything that CI runs: check, then all tests on SQLite, on PostgreSQL with Redis, in the browser and under kills
	DATABASE_URL= REDIS_URL= $(PY) -m pytest $(AGAIN) -n auto --dist loadgroup -m "$(FAST)" --ignore tests/test_architecture.py --ignore tests/test_docs.py
	DATABASE_URL=$(TEST_DATABASE_URL) REDIS_URL=$(TEST_REDIS_URL) $(PY) -m pytest $(AGAIN) -n 3 --dist loadgroup -m "$(FAST) and not media and database" tests/jobs tests/media_assets tests/templates_app
	DATABASE_URL= REDIS_URL= $(PY) -m pytest $(AGAIN) -n 2 --dist loadfile -m e2e
	DATABASE_URL= REDIS_URL= $(PY) -m pytest -m kill

fmt: environment-dev ## Format Python and templates
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .
	@git ls-files -z '*.html' | xargs -0 .venv/bin/djade --target-version 5.2
	@$(PY) tools/doc_tables.py

bench: environment-dev ## Measure the budgets of docs/development.md on this machine
	@$(PY) -m tests.bench

bench-narrowband: environment-dev ## Measure what Narrowband saves on real clips: half an hour; NARROWBAND=--quick for some small ones
	@$(PY) -m tests.bench.narrowband $(NARROWBAND)

screenshots: environment-dev ## Take the pictures of README and docs from the real thing (needs Chromium)
	@$(PY) -m tests.e2e.screenshots

vendor: environment ## Fetch the browser extras (hls.js, idiomorph) again
	@$(PY) tools/vendor.py --strict

messages: environment-dev ## Collect strings into the message catalogues (needs gettext)
	@$(PY) manage.py makemessages --locale zh_Hans --no-wrap --no-obsolete --add-location=file --ignore 'tests/*' --ignore 'tools/*' --ignore '.venv/*'

lock: environment-dev ## Resolve the packages of pyproject.toml anew: names, versions and hashes, no addresses
	@$(PY) tools/lock.py
