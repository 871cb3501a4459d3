`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
// Writes every change of the signals of two PHYs, with its time, to the file that +phy_record= names: `NS MASK VALUE`.
//
// MASK and VALUE are hexadecimal: the bits that changed, and all bits after it. Bits 8e .. 8e+7 are end e's: td_p, td_n, tx_en,
// rx_dv, crs, col, link, rx_clk; bits 16+4e .. 16+4e+3 are its rxd. Only bits that `watched`, written by name, holds are looked at.
module phy_recorder_model (
    input wire [23:0] signals
);
  localparam PATH_OCTETS = 1024;

  reg [23:0] watched  /*verilator public_flat_rw*/;
  reg [23:0] before;
  reg [8*PATH_OCTETS-1:0] path;
  reg [31:0] file;

  initial begin
    watched = 0;
    before  = 0;
    if ($value$plusargs("phy_record=%s", path)) file = $fopen(path, "w");
    else file = 0;
  end

  always @(signals) begin
    if (file != 0 && ((signals ^ before) & watched) != 0)
      $fwrite(file, "%0.3f %h %h\n", $realtime, (signals ^ before) & watched, signals);
    before = signals;
  end
endmodule
/* verilator lint_on BLKSEQ */
