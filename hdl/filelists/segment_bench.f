# The bench of N adapters on one segment (top segment_bench): the adapter as in nic_mii.f, and what surrounds it.
-f nic_mii.f
hdl/sim/attempt_record_model.v
hdl/sim/settings_model.v
hdl/sim/clocks_model.v
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/mii_segment_model.v
hdl/sim/station_recorder_model.v
hdl/sim/recorder_model.v
hdl/sim/segment_bench.v
