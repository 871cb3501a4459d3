# The adapter on an RMII (top nic_rmii): synthesisable sources, for lint, simulation and synthesis alike.
-f nic_mii.f
hdl/rtl/nic_rmii.v
hdl/rtl/rmii_shim.v
