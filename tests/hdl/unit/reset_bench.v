`default_nettype none
`timescale 1ns/1ps
// Bench of board_reset: a clock that stands still until `go`, and the pin that holds the reset.
module reset_bench;
  reg clk = 0, go = 0, hold = 0;
  wire rst;

  board_reset #(.BITS(5)) reset (.clk(clk), .hold(hold), .rst(rst));

  always #5 clk = go && !clk;
endmodule
