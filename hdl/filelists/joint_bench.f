# The bench of N adapters in a network of twins (top joint_bench): the stations as in station_model.f, and the way out.
-f station_model.f
-f board_link.f
hdl/sim/serial_port_model.v
hdl/sim/board_far_end_model.v
hdl/sim/joint_settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/mii_clock_model.v
hdl/sim/mii_joint_model.v
hdl/sim/recorder_model.v
hdl/sim/joint_bench.v
