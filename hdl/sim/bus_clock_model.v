`default_nettype none
`timescale 1ns/1ps
// The bus clock of a bench: clk_bus rises at k * BUS_PERIOD_NS, k = 1, 2, ...
module bus_clock_model #(
    parameter BUS_PERIOD_NS = 20
) (
    output reg clk_bus
);
  localparam HALF_NS = BUS_PERIOD_NS / 2;

  initial begin
    clk_bus = 0;
    #(BUS_PERIOD_NS);
    forever begin
      clk_bus = 1;
      #(HALF_NS) clk_bus = 0;
      #(BUS_PERIOD_NS - HALF_NS);
    end
  end
endmodule
