// Simple dual-port synchronous RAM, one clock, 32 bits wide: one port writes, the other reads; a tool infers block RAM.
//
// At a clock edge with write the word at write_address takes write_data; at every edge read_data takes the word at
// read_address. A word that is being written at that edge must not be relied on: block RAMs differ in what they give, and
// Yosys is told so that it does not build a bypass.
// Parameters: ADDRESS_BITS, 2 ** ADDRESS_BITS words.
`default_nettype none
`timescale 1ns/1ps

module ram_dual_port #(
    parameter ADDRESS_BITS = 10
) (
    input  wire                    clk,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [31:0]             write_data,
    input  wire [ADDRESS_BITS-1:0] read_address,
    output reg  [31:0]             read_data
);
    (* no_rw_check *) reg [31:0] memory [0:(1 << ADDRESS_BITS)-1];

    always @(posedge clk) begin
        if (write) memory[write_address] <= write_data;
        read_data <= memory[read_address];
    end
endmodule
