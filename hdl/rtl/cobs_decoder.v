// Takes the octets of a serial line apart into frames and undoes their byte stuffing.
//
// COBS (S. Cheshire and M. Baker, IEEE/ACM Transactions on Networking 7(2), 1999): a frame has no octet 0 on the line, so
// an octet 0 always delimits, whatever happened before. A code octet c says that c - 1 octets follow and then, unless c is
// 255 or the frame ends, an octet 0 that was left out.
//
// Clock clk, reset rst. An octet enters at an edge with in_valid. Combinational: octet is one of the frame where
// octet_valid; frame_end is 1 at the delimiter that ends a frame of one octet or more, with is_whole 1 if the stuffing was in
// order.
// Not done here: judging what is inside.
`default_nettype none
`timescale 1ns/1ps

module cobs_decoder (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] in_data,
    input  wire       in_valid,
    output wire [7:0] octet,
    output wire       octet_valid,
    output wire       frame_end,
    output wire       is_whole
);
    reg [7:0] left;       // octets to come in this group
    reg       is_first;   // no group has begun in this frame
    reg       owes_zero;  // the group that is under way stands for an octet 0 at its end

    wire is_delimiter = in_data == 8'd0;
    wire is_code      = left == 8'd0;

    assign frame_end   = in_valid && is_delimiter && !is_first;
    assign is_whole    = is_code;
    assign octet       = is_code ? 8'd0 : in_data;
    assign octet_valid = in_valid && !is_delimiter && (!is_code || owes_zero);

    always @(posedge clk) begin
        if (in_valid) begin
            if (is_delimiter) begin
                left      <= 8'd0;
                is_first  <= 1'b1;
                owes_zero <= 1'b0;
            end else if (is_code) begin
                left      <= in_data - 8'd1;
                is_first  <= 1'b0;
                owes_zero <= in_data != 8'hFF;
            end else left <= left - 8'd1;
        end
        if (rst) begin
            left      <= 8'd0;
            is_first  <= 1'b1;
            owes_zero <= 1'b0;
        end
    end

`ifdef FORMAL
`include "cobs_decoder_properties.vh"
`endif
endmodule
