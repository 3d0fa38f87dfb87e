# Clean clone -> virtual environment -> one command. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# the tests start many processes, each of which would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE
DEMO := runs/demo/$(shell date +%Y-%m-%d_%H-%M-%S)

# what npm puts there, and what is built from it
WEB := web/node_modules/.installed
SITE := src/fastnst/page/site/index.html

.PHONY: help install demo page site check quick test web lint docs format

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

# The stamp is written last, so an interrupted installation is taken up again.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# where there is no Node.js the page is not built, and its tests are skipped
NODE := $(shell command -v npm)

install: $(STAMP) $(if $(NODE),$(WEB)) ## make .venv with fastnst and the development tools in it

demo: $(STAMP) ## train briefly on synthetic pictures and show that beside a finished style
	$(BIN)/fastnst train experiment=demo hydra.run.dir=$(DEMO)
	$(BIN)/fastnst gallery --ckpt $(DEMO)/model.safetensors --style starry_night -o $(DEMO)/beside.png

page: $(STAMP) $(SITE) ## paint in the browser (needs Node.js 20, once)
	$(BIN)/fastnst page

site: $(SITE) ## build the page for the browser in src/fastnst/page/site

$(SITE): $(WEB) $(shell find web -name node_modules -prune -o -type f -print)
	cd web && npm run build

$(WEB): web/package-lock.json
	cd web && npm ci
	touch $@

check: $(STAMP) ## while working: lint, and the tests that start no process and train nothing
	@$(MAKE) --no-print-directory --output-sync=target --jobs=2 lint quick

quick: $(STAMP) ## the tests of check alone
	$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal -m "not slow and not long" -q

test: ## lint and run all tests but those that take minutes (pytest -m long)
	@$(MAKE) --no-print-directory --output-sync=target --jobs=2 lint $(if $(NODE),web)
	$(BIN)/python -m pytest --numprocesses=2 --dist=worksteal

web: $(SITE)
	cd web && npm test

lint: $(STAMP) ## check style, formatting, import contracts and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	NODE_OPTIONS=--max-semi-space-size=256 $(BIN)/basedpyright # so that it seldom looks for garbage

docs: $(STAMP) ## build the documentation in build/site
	$(BIN)/python scripts/options_table.py
	$(BIN)/zensical build --strict --clean

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
