# The bench of an adapter with a 10BASE-T PHY whose partner is a twin (top line_bench): the station as in
# station_10baset_model.f, and the partner's ends of the pairs.
-f station_10baset_model.f
hdl/sim/settings_model.v
hdl/sim/bus_clock_model.v
hdl/sim/recorder_model.v
hdl/sim/line_player_model.v
hdl/sim/line_listener_model.v
hdl/sim/line_bench.v
