# A station with an MII or an RMII (top station_model): the adapter as in nic_rmii.f, its host's side, and its records.
-f nic_rmii.f
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/mdio_phy_model.v
hdl/sim/rmii_phy_model.v
hdl/sim/station_recorder_model.v
hdl/sim/attempt_record_model.v
hdl/sim/adapter_socket_model.v
hdl/sim/rmii_socket_model.v
hdl/sim/station_model.v
