// Single-port synchronous RAM, 32 bits wide; a tool infers block RAM. Alone in its file so that a board may bring
// another.
//
// At a clock edge with write the word at address takes write_data; without it read_data takes the word. All words
// are 0 after configuration.
// Parameters: WORDS, and ADDRESS_BITS for them.
`default_nettype none
`timescale 1ns/1ps

module ram_single_port #(
    parameter WORDS        = 4096,
    parameter ADDRESS_BITS = 12
) (
    input  wire                    clk,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] address,
    input  wire [31:0]             write_data,
    output reg  [31:0]             read_data
);
    reg [31:0] memory [0:WORDS-1];
    integer i;
    initial for (i = 0; i < WORDS; i = i + 1) memory[i] = 32'd0;

    always @(posedge clk)
        if (write) memory[address] <= write_data;
        else read_data <= memory[address];
endmodule
