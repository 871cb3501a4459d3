// Manchester decoder of 10BASE-T: finds the bit clock in the edges of the line and reads the bits, from 120 MS/s.
//
// IEEE Std 802.3-2022 7.3.1.1 (a 1 is low then high) and 14.2.1 (start of idle). Twin: firmware_models/phy/decoder.py.
// Clock clk, 60 MHz nominal; line_high[0] is the earlier of the two samples of a clock period: 1 while the line is above
// the receive threshold. They come from a register, of a synchroniser where the line is a pin. No reset needed: after
// IDLE_CLOCKS without an edge the decoder is as after power-on; rst makes it so at once.
//
// Theory of operation. Between samples lie 8.3 ns. `phase` says where in a bit the next earlier sample will be, as if
// it showed an edge (an edge lies half a sample before the first sample that shows it): -96 .. 95 sixteenths of a sample,
// 0 is the middle of a bit, and 6 more bits of fraction. Every bit has an edge in its middle; in the preamble there are
// no others, so the first edge sets the phase, and each of the first ACQUIRE_EDGES pulls it by a part of the distance
// that shrinks from 1/4 to 1/16. From then on only edges within a quarter of a bit around the middle count, by 1/64:
// a transmitter 200 ppm off is then followed with a lag of 1.3 ns, and edges that are each off by +-15 ns move the
// phase by 1.2 ns (rms). The line is read a quarter of a bit before the middle and after it; the second is the bit, and
// two alike are no Manchester bit: past acquisition they end the frame (that is how start of idle looks).
//
// Outputs, all registers: strobe with bit_value; carrier from START_EDGES edges in a row to the end of the frame; locked
// while bits can be trusted; frame_end is a pulse at the end of one that was locked; idle says that there was no edge
// for IDLE_CLOCKS, and idle_level how the line has stood since the last. An edge that is no part of a frame, such as the
// fall at the end of the start of idle or a link pulse, never raises carrier. What follows a frame_end is ignored until
// idle.
// Latency: strobe is 1 on the second clk edge after the sample it shows, or the third.
`default_nettype none
`timescale 1ns/1ps

module manchester_decoder (
    input  wire       clk,
    input  wire       rst,
    input  wire [1:0] line_high,
    output reg        strobe,
    output reg        bit_value,
    output reg        carrier,
    output reg        locked,
    output reg        frame_end,
    output reg        idle,
    output wire       idle_level
);
    localparam [3:0] IDLE_CLOCKS   = 4'd10;  // 167 ns: the longest distance of edges is a bit with its jitter, 130 ns
    localparam [4:0] START_EDGES   = 5'd5;
    localparam [4:0] COARSE_EDGES  = 5'd6;   // pull by 1/4 up to this edge,
    localparam [4:0] ACQUIRE_EDGES = 5'd24;  // and by 1/16 up to this one
    localparam [7:0] SAMPLE        = 8'd16;
    localparam [7:0] CLOCK         = 8'd32;  // two samples
    localparam [7:0] QUARTER       = 8'd48;  // of a bit
    localparam [7:0] READ_AFTER    = QUARTER - SAMPLE;  // in terms of `phase`: the nearest sample to a quarter

    reg         previous;  // the sample before
    reg  [13:0] phase;     // signed; 8 bits and the fraction
    reg  [4:0]  edges;     // since idle, saturating
    reg  [3:0]  quiet;     // clocks since an edge, saturating
    reg         second;    // the next reading is in the second half of a bit
    reg         first_half;
    reg         over;      // the frame has ended, the line is not idle yet

    wire edge_0   = line_high[0] != previous;
    wire edge_1   = line_high[1] != line_high[0];
    wire any_edge = edge_0 || edge_1;

    // Position of the edge, and of the two readings, which are half a sample later than an edge there would be
    wire [7:0] place_0  = phase[13:6];
    wire [7:0] place_1  = wrap(place_0 + SAMPLE);
    wire [7:0] distance = edge_0 ? place_0 : place_1;

    function [7:0] wrap(input [7:0] place);  // into -96 .. 95, from one bit above
        wrap = (!place[7] && place[6] && place[5]) || (place[7] && !place[6] && !place[5]) ? {place[7:6] + 2'b01, place[5:0]} : place;
    endfunction

    wire near = $signed(distance) >= -$signed(QUARTER) && $signed(distance) <= $signed(QUARTER);
    wire acquiring = edges < ACQUIRE_EDGES;
    wire counts    = any_edge && edges != 5'd0 && (acquiring || near);

    // distance / 4, / 16, / 64 with 6 bits of fraction
    wire [13:0] pull = !acquiring           ? {{6{distance[7]}}, distance}
                     : edges < COARSE_EDGES ? {{2{distance[7]}}, distance, 4'b0}
                     :                        {{4{distance[7]}}, distance, 2'b0};

    wire [13:0] base  = edges == 5'd0 ? {edge_0 ? 8'd0 : -SAMPLE, 6'd0} : counts ? phase - pull : phase;
    wire [13:0] ahead = base + {CLOCK, 6'd0};

    // Readings
    wire after_0 = $signed(place_0) >= $signed(READ_AFTER);
    wire after_1 = $signed(place_1) >= $signed(READ_AFTER);
    wire before_0 = place_0[7] && $signed(place_0) >= $signed(READ_AFTER - 8'd96);
    wire before_1 = place_1[7] && $signed(place_1) >= $signed(READ_AFTER - 8'd96);
    wire reads_0 = second ? after_0 : before_0;
    wire reads_1 = second ? after_1 : before_1;
    wire reads   = edges != 5'd0 && (reads_0 || reads_1);
    wire level   = reads_0 ? line_high[0] : line_high[1];
    wire ends    = reads && second && level == first_half && !acquiring && !over;
    wire silence = !any_edge && quiet == IDLE_CLOCKS;

    assign idle_level = previous;

    always @(posedge clk) begin
        previous  <= line_high[1];
        phase     <= {wrap(ahead[13:6]), ahead[5:0]};
        strobe    <= 1'b0;
        frame_end <= 1'b0;
        if (any_edge) begin
            quiet <= 4'd0;
            idle  <= 1'b0;
            if (edges == 5'd0) second <= 1'b1;
            if (edges != 5'd31 && (edges == 5'd0 || counts)) edges <= edges + 5'd1;
            if (edges == START_EDGES - 5'd1 && !over) carrier <= 1'b1;
        end else if (quiet != IDLE_CLOCKS) quiet <= quiet + 4'd1;
        if (reads) begin
            second     <= !second;
            first_half <= level;
            if (second) begin
                strobe    <= !ends && !over;
                bit_value <= level;
            end
        end
        locked <= !acquiring && !over && !ends;
        if (ends) begin
            over      <= 1'b1;
            carrier   <= 1'b0;
            frame_end <= 1'b1;
        end
        if (silence || rst) begin
            idle      <= 1'b1;
            over      <= 1'b0;
            carrier   <= 1'b0;
            locked    <= 1'b0;
            edges     <= 5'd0;
            quiet     <= IDLE_CLOCKS;
        end
    end
endmodule
