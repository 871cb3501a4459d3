# The bench of adapters on RMII and MII on one segment (top rmii_bench): the adapter as in nic_rmii.f, and the rest.
-f nic_rmii.f
hdl/sim/settings_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/mii_segment_model.v
hdl/sim/mdio_phy_model.v
hdl/sim/rmii_phy_model.v
hdl/sim/rmii_bench.v
