"""Run one scenario and write its run folder."""
