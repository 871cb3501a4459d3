# The bench of two 10BASE-T PHYs on a link.
-f phy_10baset.f
+incdir+hdl/include
hdl/rtl/mdio_master.v
hdl/sim/mii_traffic_model.v
hdl/sim/phy_recorder_model.v
hdl/sim/ppm_clock_model.v
hdl/sim/twisted_pair_model.v
hdl/sim/phy_bench.v
