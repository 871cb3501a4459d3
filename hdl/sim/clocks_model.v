`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // the delays are not constant, but none is zero
// The clocks of the bench: one bus clock for all stations, and for each station the MII clock that its PHY makes.
//
// Ports: clk_bus rises at k * BUS_PERIOD_NS, k = 1, 2, ...; clk_mii[i] rises 0.25 ns after phase_ns[i] + k * nibble_ns,
// k = 0, 1, ... The quarter keeps the order within one ns the same everywhere: bus, MII, medium. `nibble_ns` and
// `phase_ns` are sampled 0.1 ns after the start of the simulation; phases are below nibble_ns.
// An MII clock falls together with the bus clock, so that a fall costs the simulator no time step of its own; its duty
// cycle is therefore between 1/4 and 3/4.
module clocks_model #(
    parameter STATIONS = 2,
    parameter BUS_PERIOD_NS = 20
) (
    output reg                    clk_bus,
    output reg  [   STATIONS-1:0] clk_mii,
    input  wire [           15:0] nibble_ns,
    input  wire [16*STATIONS-1:0] phase_ns
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

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : mii
      integer period_ns;
      integer phase;
      integer fall_ns;  // from the rise, which is at a quarter, to the fall of the bus clock nearest to half a period
      initial begin
        clk_mii[i] = 0;
        #0.1;
        period_ns = {16'b0, nibble_ns};
        phase = {16'b0, phase_ns[16*i+:16]};
        fall_ns = (phase + period_ns / 2) / BUS_PERIOD_NS * BUS_PERIOD_NS + HALF_NS - phase;
        #(phase + 0.15);
        forever begin
          clk_mii[i] = 1;
          #(fall_ns - 0.25) clk_mii[i] = 0;
          #(period_ns - fall_ns + 0.25);
        end
      end
    end
  endgenerate
endmodule
/* verilator lint_on ZERODLY */
