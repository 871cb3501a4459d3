// Single-port synchronous RAM, 32 bits wide; a tool infers block RAM, or the large single-port RAM of a small FPGA.
//
// At a clock edge with write the word at address takes write_data; without it read_data takes the word.
// Parameters: WORDS, and ADDRESS_BITS for them. PRESET: 1, all words are 0 after configuration; 0, they are unknown,
// as they must be in a RAM that configuration cannot fill, such as the SPRAM of the iCE40UP: Yosys then takes only
// such a RAM.
`default_nettype none
`timescale 1ns/1ps

module ram_single_port #(
    parameter WORDS        = 4096,
    parameter ADDRESS_BITS = 12,
    parameter PRESET       = 1
) (
    input  wire                    clk,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] address,
    input  wire [31:0]             write_data,
    output reg  [31:0]             read_data
);
    generate
        if (PRESET != 0) begin : is_preset
            reg [31:0] memory [0:WORDS-1];
            integer i;
            initial for (i = 0; i < WORDS; i = i + 1) memory[i] = 32'd0;

            always @(posedge clk)
                if (write) memory[address] <= write_data;
                else read_data <= memory[address];
        end else begin : is_unknown
            (* ram_style = "huge" *) reg [31:0] memory [0:WORDS-1];

            always @(posedge clk)
                if (write) memory[address] <= write_data;
                else read_data <= memory[address];
        end
    endgenerate
endmodule
