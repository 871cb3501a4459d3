`default_nettype none
`timescale 1ns/1ps
// The clocks of a bench: one bus clock for all stations, and for each station the MII clock that its PHY makes.
//
// Ports: as bus_clock_model and mii_clock_model; one speed for all, one phase for each.
module clocks_model #(
    parameter STATIONS = 2,
    parameter BUS_PERIOD_NS = 20
) (
    output wire                   clk_bus,
    output wire [   STATIONS-1:0] clk_mii,
    input  wire [           15:0] nibble_ns,
    input  wire [16*STATIONS-1:0] phase_ns
);
  bus_clock_model #(
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) bus (
      .clk_bus(clk_bus)
  );

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : mii
      mii_clock_model #(
          .BUS_PERIOD_NS(BUS_PERIOD_NS)
      ) clock (
          .clk(clk_mii[i]),
          .nibble_ns(nibble_ns),
          .phase_ns(phase_ns[16*i+:16])
      );
    end
  endgenerate
endmodule
