# The bench of one adapter at its pins (top mac_bench): the adapter as in nic_mii.f, and what surrounds it.
-f nic_rmii.f
hdl/sim/attempt_record_model.v
hdl/sim/settings_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/mii_script_model.v
hdl/sim/mii_transmit_record_model.v
hdl/sim/mdio_phy_model.v
hdl/sim/rmii_phy_model.v
hdl/sim/mac_bench.v
