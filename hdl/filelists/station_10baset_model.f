# A station with a 10BASE-T PHY (top station_10baset_model): the adapter as in nic_10baset.f, its host's side, and its records.
-f nic_10baset.f
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/ppm_clock_model.v
hdl/sim/twisted_pair_model.v
hdl/sim/station_recorder_model.v
hdl/sim/station_10baset_model.v
