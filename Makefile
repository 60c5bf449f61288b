PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test test-all check bench tables gallery cards tiny-model docs clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

demo: install
	$(BIN)/holdfast demo

tiny-model: install
	$(BIN)/python -m holdfast.benchmarks.tiny.pretrain --out build/tiny-model
	$(BIN)/python -m holdfast.benchmarks.tiny.card build/tiny-model

test: install
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-all: install
	$(BIN)/python -m pytest -q -m 'not gpu'

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

bench: install
	for script in tests/bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

# Published tables from recorded model outputs (needs ../shared/data and a sandbox).
tables: install
	$(BIN)/python tests/bench/tables.py

# HTML reports of real comparisons of published outputs (needs ../shared/data), into runs/gallery.
gallery: install
	$(BIN)/python tests/bench/gallery.py

cards: install
	$(BIN)/python tests/bench/cards.py

docs: install
	$(BIN)/holdfast rewards docs docs/rewards

clean:
	rm -rf $(VENV) build dist *.egg-info
