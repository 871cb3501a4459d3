# The bench of N adapters in a network of twins (top joint_bench): the adapter as in nic_mii.f, and what surrounds it.
-f nic_mii.f
hdl/sim/attempt_record_model.v
hdl/sim/joint_settings_model.v
hdl/sim/clocks_model.v
hdl/sim/mii_clock_model.v
hdl/sim/power_model.v
hdl/sim/bus_master_model.v
hdl/sim/mii_joint_model.v
hdl/sim/station_recorder_model.v
hdl/sim/recorder_model.v
hdl/sim/joint_bench.v
