"""What simulations have reached of the Verilog: lines, branches, toggles, and collisions by attempt, bit and length.

A simulation under ``RIG_COVERAGE=folder`` leaves its counts there (:mod:`rig.regress.simbuild`). Here the counts of any
number of simulations are added up, and what was never reached is laid beside what is known to be out of reach.
"""
