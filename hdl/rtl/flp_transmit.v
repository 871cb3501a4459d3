// Fast link pulse bursts: sends one whenever it is told to.
//
// IEEE Std 802.3-2022 28.2.1.1; twin: firmware_models/phy/negotiation.py. Clock clk. A burst has 33 positions, 8 eighths
// (62.5 us) apart: at each even one stands a clock pulse, at odd ones a pulse for each 1 of word, bit 0 first. word is
// taken as the burst goes on: hold it still while busy. pulse is a clock long; the encoder gives it its width.
`default_nettype none
`timescale 1ns/1ps

module flp_transmit (
    input  wire        clk,
    input  wire        rst,
    input  wire        eighth,  // a pulse every 7.8 us
    input  wire        start,
    input  wire [15:0] word,
    output reg         busy,
    output reg         pulse
);
    localparam [5:0] POSITIONS = 6'd33;

    reg [2:0]  eighths;
    reg [5:0]  position;  // the next one
    wire       due = busy && eighth && eighths == 3'd7;

    always @(posedge clk) begin
        pulse <= due && (!position[0] || word[position[4:1]]);
        if (eighth) eighths <= eighths + 3'd1;
        if (due) begin
            position <= position + 6'd1;
            if (position == POSITIONS - 6'd1) busy <= 1'b0;
        end
        if (start && !busy) begin
            busy     <= 1'b1;
            position <= 6'd0;
            eighths  <= 3'd0;
        end
        if (rst) begin
            busy  <= 1'b0;
            pulse <= 1'b0;
        end
    end
endmodule
