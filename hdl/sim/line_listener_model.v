`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
// Hears what a 10BASE-T transmitter puts on its pair, for a twin outside the simulation.
//
// While the line is not idle `busy` is 1. When it falls, `heard` and `heard_wide` hold the edges: `heard` bits 31..0 their
// number, 63..32 the rise of clk at which the first was, counted from 0; then 8 bits an edge, the first 2040 here and the others
// in heard_wide: bits 5..0 how many rises after the edge before (0 for the first), 6 td_p and 7 td_n after it.
// Edges more than 63 rises apart, or more than LIMIT of them, are none of 10BASE-T: their record is cut, and says so by a number
// of edges above LIMIT.
// Ports: td_p and td_n change at rises of clk.
module line_listener_model (
    input  wire clk,
    input  wire td_p,
    input  wire td_n,
    output reg  busy
);
  localparam NARROW = 2040;
  localparam WIDE = 32768;
  localparam LIMIT = NARROW + WIDE;

  reg [64+8*NARROW-1:0] heard  /*verilator public_flat_rd*/;
  reg [8*WIDE-1:0] heard_wide  /*verilator public_flat_rd*/;
  reg [31:0] rises;  // index of the last
  reg [31:0] edges, last;
  reg [1:0] level;
  reg is_cut;

  initial begin
    heard = 0;
    heard_wide = 0;
    rises = 32'hFFFF_FFFF;
    edges = 0;
    last = 0;
    level = 0;
    is_cut = 0;
    busy = 0;
  end

  // Falls: both wires have changed since the rise, and nothing else has.
  always @(posedge clk) rises = rises + 1;
  always @(negedge clk)
    if ({td_n, td_p} != level) begin
      level = {td_n, td_p};
      if (!busy) begin
        edges = 0;
        is_cut = 0;
        last = rises;
        heard[63:32] = rises;
      end
      if (rises - last > 63 || edges == LIMIT) is_cut = 1;
      if (!is_cut && edges < NARROW) heard[64+8*edges+:8] = {level, rises[5:0] - last[5:0]};
      else if (!is_cut) heard_wide[8*(edges-NARROW)+:8] = {level, rises[5:0] - last[5:0]};
      if (!is_cut) edges = edges + 1;
      last = rises;
      heard[31:0] = is_cut ? LIMIT + 1 : edges;
      busy = level != 0;
    end
endmodule
/* verilator lint_on BLKSEQ */
