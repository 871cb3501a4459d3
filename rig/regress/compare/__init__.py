"""The comparison of the Verilog adapters with their twins: one stimulus for both, every fact of both side by side."""
