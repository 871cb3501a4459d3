`default_nettype none
`timescale 1ns/1ps
// A Wishbone slave for the far end of the link alone: memory, an odd delay for each access, and what can go wrong.
//
// 0x0000 .. 0x6FFC memory, word 0 preset; 0x7000 interrupt line (bit 0); 0x7004 counts the writes to it; 0x7008 never answers;
// 0x7020 reads as 0 after 62 clocks; the rest, partial selects and odd addresses are refused. `writes` counts all writes that were done.
module memory_slave (
    input  wire        clk,
    input  wire        rst,
    input  wire        stb,
    input  wire        we,
    input  wire [ 3:0] sel,
    input  wire [14:0] adr,
    input  wire [31:0] dat_w,
    output reg  [31:0] dat_r,
    output reg         ack,
    output reg         err,
    output reg         irq
);
  localparam WORDS = 7168;
  localparam [31:0] IDENTITY = 32'h4E490001;

  reg [31:0] memory[0:WORDS-1];
  reg [31:0] counted;
  reg [31:0] writes  /*verilator public_flat_rd*/;
  localparam [14:0] SLOW = 15'h7020;
  localparam [5:0] SLOW_CLOCKS = 6'd60;

  reg [2:0] delay;
  reg [5:0] waited;
  wire in_memory = adr < 15'h7000;
  wire refused = sel != 4'b1111 || adr[1:0] != 0 || (adr > 15'h7008 && adr != SLOW);
  integer i;

  initial begin
    for (i = 0; i < WORDS; i = i + 1) memory[i] = 0;
    memory[0] = IDENTITY;
    counted = 0;
    writes = 0;
    delay = 0;
    waited = 0;
  end

  always @(posedge clk) begin
    ack <= 0;
    err <= 0;
    if (rst) begin
      irq <= 0;
      waited <= 0;
    end else if (stb && !ack && !err && adr != 15'h7008) begin
      waited <= waited + 1;
      if (waited == (adr == SLOW ? SLOW_CLOCKS : {3'd0, delay})) begin
        waited <= 0;
        delay <= delay + 3;
        ack <= !refused;
        err <= refused;
        dat_r <= in_memory ? memory[adr[14:2]] : adr == SLOW ? 0 : adr[2] ? counted : {31'b0, irq};
        if (we && !refused) begin
          writes <= writes + 1;
          if (in_memory) memory[adr[14:2]] <= dat_w;
          else if (adr[2]) counted <= counted + 1;
          else irq <= dat_w[0];
        end
      end
    end
  end
endmodule
