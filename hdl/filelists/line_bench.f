# The bench of an adapter with a 10BASE-T PHY whose partner is a twin (top line_bench).
-f nic_10baset.f
hdl/sim/settings_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/station_recorder_model.v
hdl/sim/recorder_model.v
hdl/sim/ppm_clock_model.v
hdl/sim/twisted_pair_model.v
hdl/sim/line_player_model.v
hdl/sim/line_listener_model.v
hdl/sim/line_bench.v
