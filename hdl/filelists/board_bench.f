# The bench of boards behind serial lines (top board_bench): the board as in board_core.f, and what surrounds it.
-f board_core.f
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/mii_clock_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/mii_segment_model.v
hdl/sim/mdio_phy_model.v
hdl/sim/rmii_phy_model.v
hdl/sim/serial_port_model.v
hdl/sim/board_bench.v
