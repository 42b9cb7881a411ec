# make run    set up and serve the default org on port 8080
# make test   set up and run every test
# make check  lint, types, known vulnerabilities of what is installed
# make lock   new lock files
# make matrix run every client library, and write the tables of what they did
# make soak   a thousand rounds of kill -9 under load, and a hundred thousand calls of every kind
# make fuzz   two minutes of bytes at every door, led by coverage
# make bench  side-by-side measurements
# make test-all, make test-newest   the tests on every, or the clients on the newest, Python found
# make test-postgresql   every test once more, with every service on a PostgreSQL

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST_ARGS ?=
# a file's tests stay together, as they share services; PARALLEL= runs everything one after the other
PARALLEL ?= --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: setup lock run test pytest test-postgresql pytest-postgresql matrix check fuzz soak bench test-all test-newest wsdl \
	soql-table screenshots clean

setup: $(VENV)/.ready

# what is installed is what the lock files name, byte for byte; Orgbox itself comes from here, with byte code,
# as pip leaves it with the others, also where Python is told to write none
$(VENV)/.ready: pyproject.toml requirements/test.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement requirements/test.txt
	PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q service
	touch $@

# new lock files; LOCK_ARGS=--upgrade for the newest versions
lock:
	PYTHON=$(PYTHON) scripts/lock.sh $(LOCK_ARGS)

run: setup
	$(BIN)/orgbox serve

test: setup
	@scripts/install-browser.sh
	@scripts/install-npm.sh
	@PYTHON=$(BIN)/python scripts/install-clients.sh
	@PYTHON=$(BIN)/python scripts/postgres.sh run $(MAKE) --no-print-directory pytest

# every test; where a PostgreSQL is running, the query language is tried on both databases
pytest:
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

# every service of a test on PostgreSQL; ON_POSTGRESQL="tests/org tests/rules" runs only those
ON_POSTGRESQL ?= tests

test-postgresql: setup
	@PYTHON=$(BIN)/python scripts/postgres.sh run $(MAKE) --no-print-directory pytest-postgresql

pytest-postgresql:
	ORGBOX_TEST_DATABASE=$$ORGBOX_TEST_POSTGRES $(BIN)/python -m pytest $(PARALLEL) $(ON_POSTGRESQL) $(PYTEST_ARGS)

# every client library against a service, and the tables of what they did; CLIENTS="java ..." only tries those
matrix: setup
	@PYTHON=$(BIN)/python scripts/install-clients.sh
	PYTHONPATH=tests:tests/soap:tests/clients $(BIN)/python scripts/write_matrix.py $(CLIENTS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/audit.py

# kill -9 over SQLite, and 200 rounds over a PostgreSQL of its own; SOAK_ARGS="--rounds 50 --seed 7" for others;
# then 100,000 calls of every kind, and what memory does
soak: setup
	$(BIN)/python -m soak kill --rounds 1000 $(SOAK_ARGS)
	PYTHON=$(BIN)/python scripts/postgres.sh run \
		sh -c '$(BIN)/python -m soak kill --rounds 200 --postgresql "$$ORGBOX_TEST_POSTGRES" $(SOAK_ARGS)'
	$(BIN)/python -m soak calls

# what it finds is in build/fuzz; FUZZ_ARGS="soap --seconds 600 --keep" for more of one
fuzz: setup
	$(PIP) --require-hashes --requirement requirements/fuzz.txt
	$(BIN)/python -m fuzz --seconds 120 $(FUZZ_ARGS)

bench: setup
	$(BIN)/python -m bench

wsdl: setup
	$(BIN)/orgbox wsdl enterprise > wsdl/enterprise.wsdl
	$(BIN)/orgbox wsdl partner > wsdl/partner.wsdl

soql-table: setup
	PYTHONPATH=tests/soql $(BIN)/python tests/soql/soql_table.py

screenshots: setup
	@scripts/install-browser.sh
	PYTHONPATH=tests:tests/soap:tests/web $(BIN)/python scripts/screenshots.py docs/screenshots

# every supported Python on the PATH or under pyenv, each with an environment of its own
PYTHONS := $(foreach v,3.11 3.12 3.13,$(firstword $(wildcard $(HOME)/.pyenv/versions/$(v).*/bin/python) \
	$(shell command -v python$(v))))

test-all:
	@for python in $(PYTHONS); do \
		version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "== Python $$version"; \
		$(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || exit 1; \
	done

test-newest:
	@python=$(lastword $(PYTHONS)); \
	version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	echo "== zeep end to end on the newest Python found: $$version"; \
	$(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version \
		PYTEST_ARGS="tests/clients/test_zeep.py tests/clients/test_orgbox_client.py"

clean:
	rm -rf .venv .venv-* build dist
