# kfood: `make all` trains and inspects everything, `make test` tests it, `make help` lists the rest.
# DATA=/path uses your photos instead of the drawn ones, PAIR=김치찌개,된장찌개 another pair of look-alikes;
# SET="training.epochs=5 data.size=96" changes settings.

PYTHON ?= python3
VENV   := .venv
KFOOD  := $(VENV)/bin/kfood
DATA   ?=
PAIR   ?=
SET    ?=
OPTIONS = $(if $(DATA),--data "$(DATA)") $(foreach setting,$(SET),--set $(setting))
CLASSES = $(if $(PAIR),--set data.classes=$(PAIR))

.DEFAULT_GOAL := help
.PHONY: all install test quick coverage soak lint bench clean help

all: install ## train missions 1 to 3 and the pair, find a learning rate, write a page on each
	$(KFOOD) train mission1 $(OPTIONS)
	$(KFOOD) train mission2 $(OPTIONS)
	$(KFOOD) train mission3 $(OPTIONS)
	$(KFOOD) lrfind pair $(OPTIONS) $(CLASSES)
	$(KFOOD) train pair $(OPTIONS) $(CLASSES)
	@for recipe in mission1 mission2 mission3 pair; do $(KFOOD) report $$recipe || exit; done
	$(KFOOD) runs ls
	@echo "Done. Each run's page is runs/<recipe>/<run>/report.html, its pictures lie in figures beside it."

install: $(VENV)/.installed ## make a virtual environment with kfood in it; skipped when up to date

$(VENV)/.installed: pyproject.toml
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

test: install ## run the tests
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

quick: install ## run the tests that take no training and no processes: a minute
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -m "not slow" --numprocesses 2 --dist loadfile --no-loadscope-reorder

coverage: install ## run the tests and show which lines none of them reaches
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --cov=kfood --cov-report=term-missing:skip-covered

soak: install ## kill, damage, fill up and fuzz at length, to see that nothing is lost
	KFOOD_SOAK=1 $(VENV)/bin/python -m pytest -s tests/faults

lint: install ## check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: install ## measure speed beside plain fastai and torch, start-up, memory, and how costs grow
	$(VENV)/bin/python tests/benchmarks/speed.py
	$(VENV)/bin/python tests/benchmarks/processes.py
	$(VENV)/bin/python tests/benchmarks/gradients.py
	$(VENV)/bin/python tests/benchmarks/predict.py
	$(VENV)/bin/python tests/benchmarks/interpretation.py
	$(VENV)/bin/python tests/benchmarks/scale.py
	$(VENV)/bin/python tests/benchmarks/many_runs.py

clean: ## remove the environment and what building and testing left; runs stay
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .coverage
	find app tests -name __pycache__ -prune -exec rm -rf {} +

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10
