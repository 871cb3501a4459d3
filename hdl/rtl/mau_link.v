// Link integrity of 10BASE-T: sends link pulses, counts received ones, and says whether there is a link; polarity too.
//
// IEEE Std 802.3-2022 14.2.1.7 and figure 14-6; twin: firmware_models/phy/link.py. Clock clk; tick is a pulse about every
// millisecond, all times are counted in it: a time of n ticks is n - 1 to n times the tick.
// Sending: a pulse when nothing has been sent for PULSE_TICKS (16 +- 8 ms).
// Receiving: pass ends when LOSS_TICKS (50 .. 150 ms) go by without activity or pulse. fail ends with activity, or with
// COUNT pulses (2 .. 10), each at least MIN_TICKS (2 .. 7 ms) and at most LOSS_TICKS (25 .. 150 ms) after the one before;
// pulses that come sooner are ignored, which makes a burst of fast link pulses one pulse. link_ok then waits until
// neither side is sending (fail extend).
// Polarity: WRONG_LIMIT times in a row a frame that ended low, or a pulse on the other wire, turn `reversed` over.
// force_fail: no link, whatever comes (auto-negotiation has the line); pulses are then somebody else's too.
`default_nettype none
`timescale 1ns/1ps

module mau_link #(
    parameter [4:0] PULSE_TICKS = 5'd16,
    parameter [6:0] LOSS_TICKS  = 7'd100,
    parameter [6:0] MIN_TICKS   = 7'd5
) (
    input  wire clk,
    input  wire rst,
    input  wire tick,
    input  wire force_fail,
    // Sending
    input  wire sending,
    output reg  pulse,
    // Received on the line in use, and on the other wire of the pair
    input  wire active,
    input  wire pulse_seen,
    input  wire other_pulse_seen,
    input  wire frame_end,
    input  wire frame_end_level,  // at the first idle after frame_end
    input  wire idle,
    // State
    output reg  link_ok,
    output reg  reversed
);
    localparam [2:0] COUNT       = 3'd4;
    localparam [2:0] WRONG_LIMIT = 3'd4;

    reg [4:0] unsent;       // ticks without sending
    reg [6:0] since;        // ticks since activity or a pulse that counted, saturating
    reg [2:0] count;        // of pulses in fail
    reg       passed;       // link_ok waits for silence
    reg [2:0] wrong;
    reg       ended;        // a frame has, and the line is not idle yet

    wire counts  = pulse_seen && since >= MIN_TICKS;
    wire is_lost = since >= LOSS_TICKS;
    wire passes  = active || (counts && count == COUNT - 3'd1);
    wire judged  = ended && idle;
    wire is_wrong = (judged && !frame_end_level) || other_pulse_seen;
    wire is_right = (judged && frame_end_level) || pulse_seen;

    always @(posedge clk) begin
        pulse <= tick && unsent == PULSE_TICKS - 5'd1 && !sending && !force_fail;
        if (tick) unsent <= unsent == PULSE_TICKS - 5'd1 ? 5'd0 : unsent + 5'd1;
        if (sending) unsent <= 5'd0;

        if (active || counts) since <= 7'd0;
        else if (tick && !is_lost) since <= since + 7'd1;

        if (counts) count <= count + 3'd1;
        if (is_lost) count <= {2'd0, counts};  // too late to follow the one before: the first again
        if (passes && !link_ok) passed <= 1'b1;
        if (passed && !active && !sending) link_ok <= 1'b1;
        if (link_ok || force_fail) count <= 3'd0;
        if (is_lost || force_fail) begin
            link_ok <= 1'b0;
            passed  <= 1'b0;
        end
        if (link_ok) passed <= 1'b0;

        if (frame_end) ended <= 1'b1;
        else if (idle) ended <= 1'b0;
        if (is_right) wrong <= 3'd0;
        else if (is_wrong) begin
            wrong <= wrong + 3'd1;
            if (wrong == WRONG_LIMIT - 3'd1) begin
                wrong    <= 3'd0;
                reversed <= !reversed;
            end
        end
        if (rst) begin
            pulse    <= 1'b0;
            unsent   <= 5'd0;
            since    <= LOSS_TICKS;
            count    <= 3'd0;
            passed   <= 1'b0;
            link_ok  <= 1'b0;
            wrong    <= 3'd0;
            ended    <= 1'b0;
            reversed <= 1'b0;
        end
    end
endmodule
