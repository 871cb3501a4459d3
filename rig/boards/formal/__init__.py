"""Proofs of the Verilog: properties in ``hdl/formal``, run by SymbiYosys with Yosys and Yices, all from PyPI."""
