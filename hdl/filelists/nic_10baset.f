# The adapter with a 10BASE-T PHY (top nic_10baset).
-f nic_mii.f
-f phy_10baset.f
hdl/rtl/nic_10baset.v
