`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // the delays are not constant, but none is zero
// The MII clock that one PHY makes.
//
// Ports: clk rises 0.25 ns after phase_ns + k * nibble_ns, k = 0, 1, ... The quarter keeps the order within one ns the same
// everywhere: bus, MII, medium. `nibble_ns` and `phase_ns` are sampled 0.1 ns after the start of the simulation;
// phase_ns < nibble_ns. clk falls together with the bus clock, which rises at multiples of BUS_PERIOD_NS, so that a fall costs
// the simulator no time step of its own; its duty cycle is therefore between 1/4 and 3/4.
module mii_clock_model #(
    parameter BUS_PERIOD_NS = 20
) (
    output reg         clk,
    input  wire [15:0] nibble_ns,
    input  wire [15:0] phase_ns
);
  localparam HALF_NS = BUS_PERIOD_NS / 2;

  integer period_ns;
  integer phase;
  integer fall_ns;  // from the rise, which is at a quarter, to the fall of the bus clock nearest to half a period

  initial begin
    clk = 0;
    #0.1;
    period_ns = {16'b0, nibble_ns};
    phase = {16'b0, phase_ns};
    fall_ns = (phase + period_ns / 2) / BUS_PERIOD_NS * BUS_PERIOD_NS + HALF_NS - phase;
    #(phase + 0.15);
    forever begin
      clk = 1;
      #(fall_ns - 0.25) clk = 0;
      #(period_ns - fall_ns + 0.25);
    end
  end
endmodule
/* verilator lint_on ZERODLY */
