# A board without its primitives (top board_core): synthesisable sources, for lint, simulation and synthesis alike.
-f nic_rmii.f
-f board_link.f
hdl/rtl/board_core.v
