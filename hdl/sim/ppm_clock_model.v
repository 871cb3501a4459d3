`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
/* verilator lint_off ZERODLY */  // the delay is not constant, but it is never zero
// A clock off its nominal frequency: edge k lies at k half periods, rounded to 1 ps each, so nothing accumulates.
//
// half_fs, half a period in fs, is written by name, before the simulation has lasted 1 ns.
module ppm_clock_model #(
    parameter HALF_FS = 8_333_333
) (
    output reg clk
);
  reg [31:0] half_fs  /*verilator public_flat_rw*/;
  reg [63:0] due_fs, now_ps, next_ps;

  initial begin
    clk = 0;
    half_fs = HALF_FS;
    #1;
    now_ps = 1000;
    due_fs = 1_000_000;
    forever begin
      due_fs = due_fs + {32'b0, half_fs};
      next_ps = (due_fs + 500) / 1000;
      #((next_ps - now_ps) / 1000.0);
      now_ps = next_ps;
      clk = !clk;
    end
  end
endmodule
/* verilator lint_on ZERODLY */
/* verilator lint_on BLKSEQ */
