"""Mutation of the Verilog: small changes of the netlist, each of which the tests must notice."""
