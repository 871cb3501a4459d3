`default_nettype none
`timescale 1ns/1ps
// Bench of pause_timer: loads `quanta` at an edge after `go`, and counts the edges at which it is paused until it is not.
//
// One edge more is given, and `limit` at the most; `finished` rises at the end. Only the number of an edge matters, not when it is.
module pause_bench;
  reg clk_tx = 0, rst = 1, load = 0, go = 0, finished = 0;
  reg [15:0] quanta = 0;
  integer paused_edges = 0, limit = 0;
  wire paused;

  pause_timer timer (.clk_tx(clk_tx), .rst(rst), .load(load), .quanta(quanta), .paused(paused));

  always @(posedge go) begin
    #1 clk_tx = 1;  // the reset
    #1 clk_tx = 0;
    rst = 0;
    load = 1;
    #1 clk_tx = 1;
    #1 clk_tx = 0;
    load = 0;
    while (paused && paused_edges < limit) begin
      paused_edges = paused_edges + 1;
      clk_tx = 1;
      #1 clk_tx = 0;
      #1;
    end
    rst = 1;
    finished = 1;
    #1 finished = 0;
  end
endmodule
