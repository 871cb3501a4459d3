# make demo   set up everything and fetch a file between two LAN adapters that collide
# make test   set up everything and run every test, lint and type check
# make lint   the static checks alone
# make bench  measure what is fast, against a peer or a floor in the same run
# make area   LUTs, flip-flops, block RAM and Fmax on iCE40 and ECP5 (Yosys and nextpnr from PyPI, 235 MB)
# make docs   write the generated pages again
# make clean  remove what was built (the virtual environment stays; `make distclean` removes it too)

SHELL := /bin/bash
PYTHON := .venv/bin/python
DEMO_ARGUMENTS ?= --backend both
PYTEST_ARGUMENTS ?=

.PHONY: demo test lint bench area docs clean distclean setup

setup:
	@.ci/bootstrap base

demo: setup
	@.venv/bin/rig demo $(DEMO_ARGUMENTS)

test:
	@.ci/bootstrap dev
	@$(PYTHON) -m pytest -n 2 --dist loadscope $(PYTEST_ARGUMENTS)

lint:
	@.ci/bootstrap dev
	@$(PYTHON) -m pytest -q tests/quality $(PYTEST_ARGUMENTS)

bench: setup
	@$(PYTHON) -m benchmarks

area:
	@.ci/bootstrap fpga
	@$(PYTHON) -m rig.boards.area

docs:
	@.ci/bootstrap dev
	@$(PYTHON) -m rig.adapter.regmap
	@$(PYTHON) -m pytest -q --collect-only --requirement-table docs/requirements.md >/dev/null

clean:
	rm -rf build runs dist
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

distclean: clean
	rm -rf .venv
