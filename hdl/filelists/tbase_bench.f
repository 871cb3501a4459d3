# The bench of two adapters with 10BASE-T PHYs (top tbase_bench): the stations as in station_10baset_model.f.
-f station_10baset_model.f
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/recorder_model.v
hdl/sim/tbase_bench.v
