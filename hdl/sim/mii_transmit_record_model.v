`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
/* verilator lint_off SYNCASYNCNET */  // TX_EN is sampled by a clock and its times are taken at once
// Writes each transmission at an MII to the file that +record= names, when TX_EN falls, as one line:
//
//   transmission RISE_NS FALL_NS NIBBLES ERRORS    nibbles in hexadecimal in the order of the wire, and as many digits
//                                                  that are 1 where TX_ER was high
//
// Ports: clk is TX_CLK; a nibble is what an edge of it samples. Without the argument nothing is written.
module mii_transmit_record_model (
    input wire       clk,
    input wire       tx_en,
    input wire       tx_er,
    input wire [3:0] txd
);
  localparam NIBBLES = 8192;  // of the longest transmission
  localparam PATH_OCTETS = 1024;

  reg [4:0] sent[0:NIBBLES-1];
  reg [8*PATH_OCTETS-1:0] path;
  reg [31:0] file;
  integer count;
  integer index;
  time rise_ns;

  initial begin
    count = 0;
    index = 0;
    rise_ns = 0;
    if ($value$plusargs("record=%s", path)) file = $fopen(path, "w");
    else file = 0;
  end

  always @(posedge clk)
    if (tx_en && count < NIBBLES) begin
      sent[count] = {tx_er, txd};
      count = count + 1;
    end

  always @(tx_en)
    if (tx_en) begin
      rise_ns = $time;
      count = 0;
    end else if (file != 0 && count != 0) begin
      $fwrite(file, "transmission %0d %0d ", rise_ns, $time);
      for (index = 0; index < count; index = index + 1) $fwrite(file, "%h", sent[index][3:0]);
      $fwrite(file, " ");
      for (index = 0; index < count; index = index + 1) $fwrite(file, "%h", sent[index][4]);
      $fwrite(file, "\n");
      $fflush(file);
      count = 0;
    end
endmodule
/* verilator lint_on SYNCASYNCNET */
/* verilator lint_on BLKSEQ */
