"""The 10BASE-T PHY in Verilog: its bench, its conformance list, and the comparison with the twin."""
