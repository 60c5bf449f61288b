PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test test-all check types bench tables gallery tiny-model docs clean

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

check: install types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=.typing $(BIN)/lint-imports

# Checkers do not see setuptools' folder mapping: a link tree shows them the package as it is imported.
types: install
	rm -rf .typing && mkdir -p .typing/holdfast
	ln -s $(CURDIR)/harness/* .typing/holdfast/
	ln -s $(CURDIR)/rewards $(CURDIR)/benchmarks $(CURDIR)/conf $(CURDIR)/trainers .typing/holdfast/
	$(BIN)/mypy

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
	rm -rf $(VENV) .typing build dist *.egg-info
