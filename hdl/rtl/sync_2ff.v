// Two flip-flops in a row: brings signals of another clock domain into the domain of clk.
//
// Input d: from another domain or asynchronous, glitch-free (a register or a pin); with WIDTH > 1 either
// independent bits or a Gray code. Output q: sampled first at edge x, seen by logic at edge x + 2. No reset: q
// follows d.
// Parameters: WIDTH in bits.
// Not done here: keeping the bits of a word together; for that use async_fifo or a toggle beside data that are held
// still.
`default_nettype none
`timescale 1ns/1ps

module sync_2ff #(
    parameter WIDTH = 1
) (
    input  wire             clk,
    input  wire [WIDTH-1:0] d,
    output reg  [WIDTH-1:0] q
);
    reg [WIDTH-1:0] first;  // may be metastable for a part of a clock period

    always @(posedge clk) begin
        first <= d;
        q     <= first;
    end
endmodule
