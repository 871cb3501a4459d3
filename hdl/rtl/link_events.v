// Events of the board link: what the interrupt line does, told until the host has acknowledged it.
//
// docs/board_link.md "EVENT". Clock clk, reset rst. One event is outstanding at a time; changes of irq meanwhile are merged
// into the next one. A session begins with begins and event number 0, which is due at once if irq is high; it ends with ends.
// valid: an event is to be sent, for the first time or again; sequence to changed_ns are what it says. Whoever sees valid at
// an edge may raise taken and is_sending behind it. From that edge on they are held still while is_sending is 1 and the session
// lasts; acknowledge, with the number that is acknowledged, takes effect after that, and one clock after it at the soonest.
// now_ns: device time, that of the next edge. lost stops at 65535.
// Parameters: REPEAT_BITS: an event is sent again after 2 ** REPEAT_BITS clocks.
`default_nettype none
`timescale 1ns/1ps

module link_events #(
    parameter REPEAT_BITS = 20
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        irq,
    input  wire [63:0] now_ns,
    // Session
    input  wire        has_session,
    input  wire        begins,
    input  wire        ends,
    input  wire        acknowledge,
    input  wire [7:0]  acknowledged,
    // Event
    output wire        valid,
    input  wire        taken,
    input  wire        is_sending,
    output reg  [7:0]  sequence,
    output reg         status,
    output reg  [15:0] lost,
    output reg  [63:0] changed_ns
);
    localparam [15:0] MOST = 16'hFFFF;

    reg                   was;             // irq, as the last change left it; 0 before a session
    reg                   is_outstanding;
    reg                   is_due;
    reg                   is_over;         // it was acknowledged; it may be being sent again just now
    reg [REPEAT_BITS-1:0] clocks;          // since it was sent
    reg [15:0]            merged;          // changes for the next event, less one
    reg                   has_merged;
    reg [63:0]            merged_ns;       // when the newest of them was

    wire change = has_session && irq != was;
    wire forms  = has_merged && !is_outstanding;
    wire done   = is_over && !is_sending;

    assign valid = is_due && !is_over;

    always @(posedge clk) begin
        was    <= has_session && irq;
        clocks <= clocks + 1;
        if (is_outstanding && (&clocks)) is_due <= 1'b1;
        if (forms) begin
            is_outstanding <= 1'b1;
            is_due         <= 1'b1;
            status         <= was;
            lost           <= merged;
            changed_ns     <= merged_ns;
            has_merged     <= 1'b0;
        end
        if (change) begin
            has_merged <= 1'b1;
            merged_ns  <= now_ns;
            if (!has_merged || forms) merged <= 16'd0;
            else if (merged != MOST) merged <= merged + 16'd1;
        end
        if (taken) begin
            is_due <= 1'b0;
            clocks <= 0;
        end
        if (is_outstanding && acknowledge && acknowledged == sequence) is_over <= 1'b1;
        if (done) begin
            is_over        <= 1'b0;
            is_outstanding <= 1'b0;
            is_due         <= 1'b0;
            sequence       <= sequence + 8'd1;
        end
        if (rst || begins || ends) begin
            was            <= 1'b0;
            is_outstanding <= 1'b0;
            is_due         <= 1'b0;
            is_over        <= 1'b0;
            has_merged     <= 1'b0;
            sequence       <= 8'd0;
        end
    end

`ifdef FORMAL
`include "link_events_properties.vh"
`endif
endmodule
