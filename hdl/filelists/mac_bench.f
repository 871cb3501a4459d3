# The bench of one adapter at its pins (top mac_bench): the station as in station_model.f, and what surrounds its MII.
-f station_model.f
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/mii_clock_model.v
hdl/sim/clocks_model.v
hdl/sim/mii_script_model.v
hdl/sim/mii_transmit_record_model.v
hdl/sim/counter_door_model.v
hdl/sim/rmii_counter_door_model.v
hdl/sim/mac_bench.v
