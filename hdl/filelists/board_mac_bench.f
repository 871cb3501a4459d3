# The bench of a board whose adapter has an MII (top board_mac_bench): the sources of a board, and what surrounds its pins.
-f nic_mii.f
-f board_link.f
hdl/sim/attempt_record_model.v
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/mii_clock_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/mii_script_model.v
hdl/sim/mii_transmit_record_model.v
hdl/sim/mdio_phy_model.v
hdl/sim/serial_port_model.v
hdl/sim/board_mac_bench.v
