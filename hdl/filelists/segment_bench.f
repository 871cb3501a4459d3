# The bench of N adapters on one segment (top segment_bench): the stations as in station_model.f, and what joins them.
-f station_model.f
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/mii_clock_model.v
hdl/sim/clocks_model.v
hdl/sim/mii_segment_model.v
hdl/sim/recorder_model.v
hdl/sim/segment_bench.v
