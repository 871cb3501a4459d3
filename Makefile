# make demo   set up everything and fetch a file between two LAN adapters that collide
# make test   set up everything and run every test, lint and type check
# make lint   the static checks alone
# make fuzz   fuzz every parser and the whole stack with a million inputs (atheris; FUZZ_ARGUMENTS="--inputs 50000" for less)
# make bench  measure what is fast, against a peer or a floor in the same run
# make area   LUTs, flip-flops, block RAM and Fmax on iCE40 and ECP5 (Yosys and nextpnr from PyPI, 235 MB)
# make formal prove the properties of hdl/formal, each with a planted bug that it must notice
# make coverage  lines, branches, toggles and collisions that simulations reach of the Verilog (some 6 minutes)
# make mutation  small changes of the Verilog, each of which must be noticed (SEED=1 COUNT=60 MODULE=mac_mii; some 6 minutes)
# make long   what takes longer than `make test`: the whole MAC list on Verilog, more seeds, some of it on Icarus
# make docs   write the generated pages again
# make clean  remove what was built (the virtual environment stays; `make distclean` removes it too)

SHELL := /bin/bash
PYTHON := .venv/bin/python
DEMO_ARGUMENTS ?= --backend both
PYTEST_ARGUMENTS ?=
FUZZ_ARGUMENTS ?=
FORMAL_ARGUMENTS ?=
SEED ?= 1
COUNT ?= 60
MODULE ?= mac_mii

.PHONY: demo test lint fuzz bench area formal coverage mutation long docs clean distclean setup

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

fuzz:
	@.ci/bootstrap dev,fuzz
	@$(PYTHON) -m tests.fuzz $(FUZZ_ARGUMENTS)

bench: setup
	@$(PYTHON) -m benchmarks

area:
	@.ci/bootstrap fpga
	@$(PYTHON) -m rig.boards.area

formal:
	@.ci/bootstrap formal
	@$(PYTHON) -m rig.boards.formal $(FORMAL_ARGUMENTS)

# Any simulation counts: those of the conformance list, of the comparison, and of the tests that drive whole adapters.
COUNTED := build/coverage
COUNTING := RIG_COVERAGE=$(COUNTED)
COUNTED_TESTS := tests/backends/test_rtl_contract.py tests/backends/test_bad_input.py tests/driver/test_recovery.py \
    tests/driver/test_buffer_sizes.py tests/hdl/bench/test_twin_equality.py tests/hdl/bench/test_rmii.py
coverage:
	@.ci/bootstrap dev
	@rm -rf $(COUNTED)
	@$(COUNTING) .venv/bin/rig conformance mac --backend rtl --quick >/dev/null
	@$(COUNTING) .venv/bin/rig conformance mac --backend rtl --row MAC-4.2 >/dev/null
	@$(COUNTING) .venv/bin/rig compare --bits 300000 --seed 4 >/dev/null
	@$(COUNTING) .venv/bin/rig compare --bits 300000 --stations 2 --full-duplex --seed 4 >/dev/null
	@$(COUNTING) $(PYTHON) -m pytest -q -n 2 --dist loadscope --summary-folder $(COUNTED) $(COUNTED_TESTS)
	@.venv/bin/rig coverage $(COUNTED)

mutation:
	@.ci/bootstrap dev,fpga
	@$(PYTHON) -m tests.mutation --module $(MODULE) --seed $(SEED) --count $(COUNT)

long:
	@.ci/bootstrap dev
	@.venv/bin/rig conformance mac
	@.venv/bin/rig conformance mac --backend rtl --quick --simulator icarus --row MAC-1.6 --row MAC-3.1 --row MAC-4.1
	@for seed in 11 12 13; do .venv/bin/rig compare --seed $$seed || exit; done
	@.venv/bin/rig compare --seed 14 --stations 2 --full-duplex
	@.venv/bin/rig compare --seed 15 --speed 10 --bits 100000
	@.venv/bin/rig conformance phy --real --frames 5000
	@.ci/bootstrap fpga
	@.venv/bin/rig board faults --far-end rtl --transactions 2000
	@RIG_LONG=1 $(PYTHON) -m pytest -q tests/hdl/link/test_board.py tests/boards/netlist tests/boards/test_rtl_bursts.py tests/conformance/test_mac_through_board_rtl.py tests/scenarios/test_mixed.py tests/lab/test_labs.py

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
