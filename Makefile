# What people type. `make` by itself lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input

# Each of these files says that a step of the installation is done, for the lock or pyproject.toml as they were then.
LOCKED := $(VENV)/installed.lock
READY := $(VENV)/installed.project
READY_DEV := $(VENV)/installed.dev
# Superset's pins do not go together with Airflow's.
SUPERSET := .venv-superset
READY_SUPERSET := $(SUPERSET)/installed.lock
# What only measurements need, beside the environment: Cosmos would be a part of each Airflow that is started from it.
MEASURING := $(VENV)/measuring
READY_BENCH := $(MEASURING)/installed.lock

MARKDOWN = $(wildcard *.md docs)
SQL := dbt_project/models

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run up down dashboards check-dashboards check-celery check-distributed check-replays test bench survive lint lint-python lint-sql lint-yaml lint-markdown format browser docs lock audit sbom secrets clean $(VENV)

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(READY)  ## Replay the pilot: its months through Airflow, from drops to walking lists and tables
	@$(BIN)/vroegsignaal run

up: $(READY)  ## Start the warehouse and Airflow, and leave them running
	@$(BIN)/vroegsignaal up

down: $(READY)  ## Stop what `make up` started
	@$(BIN)/vroegsignaal down

dashboards: $(READY) $(READY_SUPERSET)  ## Serve the dashboards in Superset on 127.0.0.1, until Ctrl-C
	@$(BIN)/python -m dashboards.serve $(SUPERSET)/bin

# Long: it makes the pilot's months first, unless VROEGSIGNAAL_HOME holds some. PICTURES is where pictures go.
PICTURES ?= build/dashboards
check-dashboards: $(READY_DEV) $(READY_SUPERSET) browser  ## Open each dashboard in a browser, and look that every chart is drawn
	@PYTHONPATH=tests $(BIN)/python -m check_dashboards $(SUPERSET)/bin $(PICTURES)

# Long: ten minutes. Redis and the proxy are Debian's; they are not installed here, because they would start by themselves.
check-celery: $(READY_DEV) $(READY_SUPERSET)  ## Run months in Celery's workers, as on a server, and end, kill and lose what they need
	@command -v redis-server > /dev/null && command -v caddy > /dev/null \
		|| { echo "Install redis-server and caddy (Debian's packages) first."; exit 1; }
	@PYTHONPATH=tests $(BIN)/python -m check_celery $(SUPERSET)/bin

# Long: minutes. It asks for an empty database of a Citus whose machines are registered, and says so where there is none.
check-distributed: $(READY_DEV)  ## Compare a warehouse on many machines (VROEGSIGNAAL_WAREHOUSE) with one on one machine
	@PYTHONPATH=tests $(BIN)/python -m check_distributed

test: $(READY_DEV) browser  ## Run all tests but the long ones, which have targets of their own
	@$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not long"

# Long: ten minutes. The pilot through Airflow, killed on the way; a town of marked names, with everything that is typed;
# the months while steps die, time turns and two runs go at once.
check-replays: $(READY_DEV) browser  ## Replay months as a whole through Airflow, kill and disturb them, and look at what came of it
	@$(BIN)/pytest --numprocesses 2 --dist loadfile -m long

# Long: half an hour, which it should have for itself alone. Some of it, in small: make bench BENCH="--only door --quick".
BENCH ?=
bench: $(READY_DEV) $(READY_BENCH)  ## Measure speed and memory, beside a peer where there is one; takes long, prints one table
	@PYTHONPATH=$(CURDIR)/$(MEASURING) $(BIN)/python -m bench $(BENCH)

# Long: an hour for the points without the scheduler, and a quarter for those of the whole stack. One of them alone:
# make survive POINTS="--seed 1 --only 17", or STACK="--seed 1 --only 3" with POINTS=no.
POINTS ?= --seed 1
STACK ?= --seed 1
SURVIVE = PYTHONPATH=tests $(BIN)/python -m

survive: $(READY_DEV)  ## Kill and disturb steps at many points, and compare what comes of it; takes long
	@$(if $(filter no,$(POINTS)),true,$(SURVIVE) survival $(POINTS))
	@$(if $(filter no,$(STACK)),true,$(SURVIVE) survival.whole $(STACK))

# Tests look at pages with the browser that there is, else with Debian's.
browser:
	@command -v chromium chromium-browser google-chrome google-chrome-stable > /dev/null \
		|| { echo "Installing a browser for the tests: chromium."; apt-get install -qq --yes chromium > /dev/null; } \
		|| echo "There is no browser: install chromium or Chrome, or the tests that look at pages will fail."

lint: $(READY_DEV)  ## Check style; changes nothing
	@$(MAKE) --keep-going lint-python lint-sql lint-yaml lint-markdown

lint-python:
	@$(BIN)/ruff check --quiet --output-format concise
	@$(BIN)/ruff format --quiet --check

lint-sql:
	@$(BIN)/sqlfluff lint --disable-progress-bar $(SQL)

lint-yaml:
	@$(BIN)/yamllint --strict .

lint-markdown:
	@$(BIN)/mdformat --check $(MARKDOWN)

format: $(READY_DEV)  ## Repair what lint can repair
	@$(BIN)/ruff check --quiet --fix || true
	@$(BIN)/ruff format --quiet
	@$(BIN)/sqlfluff fix --quiet $(SQL) || true
	@$(BIN)/mdformat $(MARKDOWN)
	@echo "Repaired what could be repaired; 'make lint' lists what is left."

docs: $(READY_DEV)  ## Write the data dictionary, the algorithm register and the accounts of what is processed
	@$(BIN)/python -m vroegsignaal.dictionary
	@$(BIN)/python -m vroegsignaal.algorithm_register
	@$(BIN)/python -m vroegsignaal.accountability

# What is pinned stays pinned as far as pyproject.toml allows; `make lock UPGRADE=1` takes the newest versions.
COMPILE = $(BIN)/uv pip compile --quiet --no-config --python-version 3.11 --no-annotate \
	--custom-compile-command "make lock (for Python 3.11 on Linux)" $(if $(UPGRADE),--upgrade)

# A lock that stays as it was keeps its time, or the environment would be made anew.
lock: $(READY_DEV)  ## Resolve pyproject.toml, and what Superset needs, into the five locks
	@$(call compile,requirements.lock,--extra build pyproject.toml)
	@$(call compile,requirements-server.lock,--extra build --extra server --constraint requirements.lock pyproject.toml)
	@$(call compile,requirements-dev.lock,--extra build --extra server --extra dev --constraint requirements-server.lock pyproject.toml)
	@$(call compile,requirements-dashboards.lock,dashboards/requirements.in)
	@$(call compile,requirements-bench.lock,--extra build --extra server --extra dev --extra bench --constraint requirements-dev.lock pyproject.toml)

compile = cp $(1) $(1).new && $(COMPILE) --output-file $(1).new $(2) \
	&& if cmp -s $(1) $(1).new; then rm $(1).new; else mv $(1).new $(1); fi

# The lock of the server names all that the other one does, and more.
# Exit codes: 0 nothing known, 1 an advisory about a package of the lock, 2 the database of advisories was not reached.
audit: $(READY_DEV)  ## Look up known weaknesses of what the lock names; needs the network
	@$(BIN)/python .ci/audit $(BIN)/pip-audit requirements-server.lock

sbom: $(READY_DEV)  ## Write the bill of materials of the lock to build/sbom.json (CycloneDX); works offline
	@mkdir -p build
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.json
	@echo "Written: build/sbom.json"

secrets:  ## Make the secrets of docker-compose.yml that are not there yet
	@docker/make-secrets

clean:  ## Remove what was installed and built; data in VROEGSIGNAAL_HOME stays
	@rm -rf $(VENV) $(SUPERSET) build dist dbt_project/target dbt_project/logs .pytest_cache .ruff_cache
	@find . -type d \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +

.venv: $(READY)

# A changed lock makes the environment anew: what it no longer names is then gone too.
$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 13) or sys.exit("Python 3.11 or 3.12 is needed, and $(PYTHON) is %d.%d: name another with make PYTHON=..." % v)'
	@echo "Installing into $(VENV) from requirements.lock: once, a minute or two."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(READY_DEV): $(READY) requirements-dev.lock
	@echo "Installing what tests and checks need from requirements-dev.lock."
	@$(PIP) install -r requirements-dev.lock
	@touch $@

# Only what the lock names beyond that of the tests.
$(READY_BENCH): $(READY_DEV) requirements-bench.lock
	@rm -rf $(MEASURING) && mkdir $(MEASURING)
	@grep --invert-match --line-regexp --fixed-strings --file requirements-dev.lock requirements-bench.lock > $(MEASURING)/beyond.txt
	@$(PIP) install --no-deps --target $(MEASURING) -r $(MEASURING)/beyond.txt
	@touch $@

$(READY_SUPERSET): requirements-dashboards.lock
	@echo "Installing Superset into $(SUPERSET) from requirements-dashboards.lock: once, some minutes."
	@$(PYTHON) -m venv --clear $(SUPERSET)
	@$(SUPERSET)/bin/python -m pip --quiet --quiet --disable-pip-version-check --no-input install -r requirements-dashboards.lock
	@touch $@
