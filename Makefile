# Clean clone -> virtual environment -> one command. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := runs/demo/$(shell date +%Y-%m-%d_%H-%M-%S)

.PHONY: help install demo test lint format

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

# The stamp is written last, so an interrupted installation is taken up again.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

install: $(STAMP) ## make .venv with fastnst and the development tools in it

demo: $(STAMP) ## train briefly on synthetic pictures and show that beside a finished style
	$(BIN)/fastnst train experiment=demo hydra.run.dir=$(DEMO)
	$(BIN)/fastnst gallery --ckpt $(DEMO)/model.safetensors --style starry_night -o $(DEMO)/beside.png

test: $(STAMP) ## lint and run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

lint: $(STAMP) ## check style and formatting only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
