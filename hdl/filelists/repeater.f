# The repeater hub (top repeater).
hdl/rtl/repeater.v
hdl/rtl/repeater_control.v
hdl/rtl/repeater_counters.v
hdl/rtl/repeater_path.v
hdl/rtl/repeater_port.v
