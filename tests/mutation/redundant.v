// A module for tests of mutation: `same` is a, however the cell behind it is changed where it does not matter.
`default_nettype none
`timescale 1ns/1ps

module redundant #(parameter STEP = 3) (
    input  wire       clk,
    input  wire       a,
    input  wire       b,
    output reg  [3:0] count = 4'd0,
    output wire       same
);
    assign same = a & (a | b);
    always @(posedge clk) if (a) count <= count + STEP[3:0];
endmodule
