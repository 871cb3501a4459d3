"""The clause 4 conformance suite: one coroutine for each row, run on the Verilog adapter and on its twin."""
