# The 10BASE-T PHY: MAU, auto-negotiation, clause 22 registers.
hdl/rtl/autoneg.v
hdl/rtl/flp_receive.v
hdl/rtl/flp_transmit.v
hdl/rtl/line_activity.v
hdl/rtl/manchester_decoder.v
hdl/rtl/manchester_encoder.v
hdl/rtl/mau_10baset.v
hdl/rtl/mau_functions.v
hdl/rtl/mau_link.v
hdl/rtl/mau_receive.v
hdl/rtl/mdio_slave.v
hdl/rtl/millisecond_tick.v
hdl/rtl/phy_10baset.v
hdl/rtl/phy_registers.v
hdl/rtl/sync_2ff.v
