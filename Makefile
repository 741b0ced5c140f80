# `make help` lists the targets. Everything is installed into .venv from the hashes in requirements.txt.
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
# More than a few processes would only wait for the tests that start workflows, which stay in one.
IN_PARALLEL := -n $(CORES) --maxprocesses 4 --dist loadgroup --no-loadscope-reorder
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_FOR_TESTS := $(VENV)/.installed-for-tests
BIOME := node_modules/@biomejs/biome/bin/biome
# Of `make collection`: the results folders, from DIRECTORY, and the site of all of them.
RESULTS = results
OUTPUT = collection
TITLE =
BASE_URL =
# Of `make poster`: the file, the size of the paper, how filters are arranged, dots per inch.
POSTER = results/poster.pdf
PAPER = A0
BY = layers
DPI = 200
# Of `make photographs`: the folder that it makes.
FOLDER = photographs
PIP = $(BIN)/python -m pip install --disable-pip-version-check
NO_INDEX = { echo "error: not installed; is there a way to a package index? pip's own messages stand above" >&2; exit 1; }
# Of `make check`: anything, to rename what cannot be used.
SET_ASIDE =
# What a variable holds as one word of the shell's, quotation marks, dollars and all; a line break would end the command.
define line_break


endef
quoted = '$(subst $(line_break), ,$(subst ','\'',$(1)))'
# For the command line: a file whose keys go over those of config.yaml, and the directory that holds results/.
CONFIG =
DIRECTORY = .
CONFIGURED = $(if $(CONFIG),--configfile $(call quoted,$(if $(filter /%,$(CONFIG)),,$(CURDIR)/)$(CONFIG)))
SNAKEMAKE = $(BIN)/snakemake --cores $(CORES) --directory $(call quoted,$(DIRECTORY)) $(CONFIGURED)
# Commands of the project's own work there, too.
PYTHON_THERE = cd -- $(call quoted,$(DIRECTORY)) && $(call quoted,$(CURDIR)/$(BIN)/python)
# Of targets that look at what is there: they make no directory.
CHECK_DIRECTORY = test -d $(call quoted,$(DIRECTORY)) || \
	{ printf '%s\n' $(call quoted,error: DIRECTORY: $(DIRECTORY): no such folder) >&2; exit 1; }
# Of targets that make what is there: Snakemake would end in a traceback where it cannot write.
MAKE_DIRECTORY = { mkdir -p -- $(call quoted,$(DIRECTORY)) && test -w $(call quoted,$(DIRECTORY)); } 2>/dev/null || \
	{ printf '%s\n' $(call quoted,error: DIRECTORY: $(DIRECTORY): cannot be made or written to) >&2; exit 1; }
# Snakemake would name every file that is missing.
CHECK_FINISHED = test -e $(call quoted,$(DIRECTORY)/results/quality.json) || test -e $(call quoted,$(DIRECTORY)/results/site) || \
	{ printf '%s\n' $(call quoted,error: $(DIRECTORY)/results: no finished atlas is there; make atlas builds it) >&2; exit 1; }
# Snakemake reads a file of the user's before the project can, and a bomb keeps it busy for minutes.
CHECK_CONFIG = $(if $(CONFIG),$(PYTHON_THERE) -m pipeline.workflow.share 1/1 $(CONFIGURED) >/dev/null)

.DEFAULT_GOAL := help
.PHONY: help atlas full site unlock collection photographs poster test lint coverage attack check docs clean
.PHONY: bench bench-full bench-networks bench-quality soak publish-zip

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

atlas: $(INSTALLED) ## set up, and build the atlas that config.yaml asks for, into results/
	@$(MAKE_DIRECTORY)
	@$(CHECK_CONFIG)
	$(SNAKEMAKE)
	@printf '%s\n' $(call quoted,open $(DIRECTORY)/results/site/index.html)

full: $(INSTALLED) ## build all filters of all layers; says first what it will cost
	@$(MAKE_DIRECTORY)
	@$(CHECK_CONFIG)
	@$(PYTHON_THERE) -m pipeline.workflow.cost --cores $(CORES) $(CONFIGURED) --config filters=all layers=all
	$(SNAKEMAKE) --config filters=all layers=all
	@printf '%s\n' $(call quoted,open $(DIRECTORY)/results/site/index.html)

site: $(INSTALLED) ## rebuild the pages alone, from finished results
	@$(CHECK_DIRECTORY)
	@$(MAKE_DIRECTORY)
	@$(CHECK_CONFIG)
	@$(CHECK_FINISHED)
	$(SNAKEMAKE) --forcerun site --allowed-rules quality map site publish all

unlock: $(INSTALLED) ## remove the lock of a run that was killed, where the next one has not done so; never while a run is under way
	@$(CHECK_DIRECTORY)
	@$(PYTHON_THERE) -m pipeline.workflow.locks

publish-zip: $(INSTALLED) ## put the site into results/site.zip, same pages, same bytes
	@$(CHECK_DIRECTORY)
	$(PYTHON_THERE) -m pipeline.site.archive

collection: $(INSTALLED) ## put finished atlases into one site: RESULTS="results lite0/results" [OUTPUT=…] [TITLE=…] [BASE_URL=…]
	@$(CHECK_DIRECTORY)
	@$(PYTHON_THERE) -m pipeline.site.collection $(subst $(line_break), ,$(RESULTS)) --output $(call quoted,$(OUTPUT)) \
		$(if $(TITLE),--title $(call quoted,$(TITLE))) $(if $(BASE_URL),--base-url $(call quoted,$(BASE_URL)))

poster: $(INSTALLED) ## put all filters of a finished atlas on one sheet for print: [PAPER=A0…A4] [BY=layers|likeness] [DPI=200] [POSTER=….pdf]
	@$(CHECK_DIRECTORY)
	@$(PYTHON_THERE) -m pipeline.pictures.poster --paper $(call quoted,$(PAPER)) --by $(call quoted,$(BY)) \
		--dpi $(call quoted,$(DPI)) --output $(call quoted,$(POSTER))

photographs: $(INSTALLED) ## Debian and its relatives: put 256 free photographs, with credits, into [FOLDER=photographs]
	@$(CHECK_DIRECTORY)
	@$(PYTHON_THERE) -m pipeline.photographs.debian --output $(call quoted,$(FOLDER))

test: lint ## set up, and run every lint and every test
	$(BIN)/python -m pytest $(IN_PARALLEL)

lint: $(INSTALLED_FOR_TESTS) $(BIOME) ## set up, and run every lint
	$(BIN)/ruff check pipeline bench tests docs
	$(BIN)/ruff format --check pipeline bench tests docs
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile
	$(BIN)/snakemake --lint
	$(BIN)/node $(BIOME) check --error-on-warnings

coverage: $(INSTALLED_FOR_TESTS) ## run every test, and list the lines of pipeline/ that none enters
	$(BIN)/python -m pytest $(IN_PARALLEL) --cov

check: $(INSTALLED) ## say what of the atlas is there, missing, damaged, or made otherwise; [SET_ASIDE=yes] renames what cannot be used
	@$(CHECK_DIRECTORY)
	@$(PYTHON_THERE) -m pipeline.check $(CONFIGURED) $(if $(SET_ASIDE),--set-aside)

bench: $(INSTALLED_FOR_TESTS) ## measure speed on this machine, in about a quarter of an hour
	$(BIN)/python -m bench.speed

bench-full: $(INSTALLED_FOR_TESTS) ## measure the whole atlas; can be interrupted and continued
	$(BIN)/python -m bench.full

bench-quality: $(INSTALLED_FOR_TESTS) ## measure the pictures of several recipes
	$(BIN)/python -m bench.quality

bench-networks: $(INSTALLED_FOR_TESTS) ## hold every family of networks, and odd ones, against Keras; writes the tables of docs/networks.md
	$(BIN)/python -m bench.networks

attack: $(INSTALLED_FOR_TESTS) ## try 100,000 hostile inputs, in about half an hour, and say how many of each kind held
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest $(IN_PARALLEL) -m hostile

soak: $(INSTALLED_FOR_TESTS) ## render 2,000 small pictures in one run; fails if anything grows
	$(BIN)/python -m bench.soak --cores $(CORES)

docs: $(INSTALLED_FOR_TESTS) ## write what is printed of docs/: configuration.md, dependencies.md, tables of formats.md and weights.md
	$(BIN)/python -m docs.configuration > docs/configuration.md
	$(BIN)/python -m docs.dependencies > docs/dependencies.md
	$(BIN)/python -m docs.formats
	$(BIN)/python -m docs.weights

clean: ## remove the virtual environment and everything built, but not results/
	rm -rf $(VENV) node_modules build *.egg-info .pytest_cache .ruff_cache .mypy_cache

# editable_mode=compat: a plain path. The finder that stands in for it otherwise takes 10 ms of every Python's start,
# and each of 4,224 jobs starts one.
$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "error: Python 3.11 to 3.13 is needed, and this is %d.%d; make PYTHON=python3.12, for instance" % sys.version_info[:2])'
	@echo "installing into $(VENV): downloads 0.6 GB and takes 2.3 GB there, once"
	@# Anew unless it is whole: of one that was interrupted nobody knows what is in it.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || \
		{ echo "error: $(VENV) cannot be made; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PIP) --require-hashes -r requirements.txt || $(NO_INDEX)
	@$(PIP) --quiet --no-deps --no-build-isolation -e . --config-settings editable_mode=compat
	@touch $@

$(INSTALLED_FOR_TESTS): requirements-test.txt $(INSTALLED)
	@$(PIP) --require-hashes -r requirements-test.txt || $(NO_INDEX)
	@touch $@

# Node comes with what is installed for tests; npm fetches nothing but what package-lock.json holds the digest of.
$(BIOME): package-lock.json $(INSTALLED_FOR_TESTS)
	$(BIN)/npm ci --loglevel=error --no-audit --no-fund
	touch $@
