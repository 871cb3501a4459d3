`default_nettype none
`timescale 1ns/1ps
// Bench of crc32_nibble: feeds `octets` octets of `data` when `go` changes; crc is then the register, sent what
// would go out as FCS.
module crc_bench;
  reg [16383:0] data = 0;
  integer octets = 0;
  reg go = 0, done = 0;
  reg [31:0] crc = 0, sent = 0;

  reg [31:0] present = 0;
  reg [3:0] nibble = 0;
  wire [31:0] next;
  integer n;

  crc32_nibble step (.crc(present), .nibble(nibble), .next(next));

  always @(go) begin
    present = 32'hFFFFFFFF;
    for (n = 0; n < 2 * octets; n = n + 1) begin
      nibble = data[4*n +: 4];
      #1 present = next;
    end
    crc = present;
    for (n = 0; n < 8; n = n + 1) begin  // the FCS leaves from the low end while the register feeds on itself
      sent[4*n +: 4] = ~present[3:0];
      nibble = present[3:0];
      #1 present = next;
    end
    done = !done;
  end
endmodule
