# The ULX3S with a LAN8720 (top ulx3s_lan8720): for lint, simulation and synthesis; what is in hdl/sim stands for primitives
# of the FPGA, and synthesis leaves it out.
-f board_core.f
hdl/rtl/board_reset.v
hdl/boards/ulx3s_lan8720/ulx3s_lan8720.v
hdl/sim/primitives/BB.v
hdl/sim/primitives/EHXPLLL.v
