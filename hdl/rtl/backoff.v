// Truncated binary exponential backoff: the random number, the window, and the slot timer, which also measures late
// collisions.
//
// IEEE Std 802.3-2022 4.2.3.2.5; docs/adapter.md "Draw". Clock clk_tx.
// Random number: the oldest word of the injection FIFO, else the low bits of a 32-bit Galois register, which steps
// at each edge with `step`; load puts `seed` (not 0) into it, and so does rst. window_grow at each collision but
// not past backoff_limit doubles the window; window_reset after the last attempt closes it. draw takes a number:
// `slots` (combinational) is the number of slot times, expired says, from that many slot times after the draw on,
// that they are over. start restarts the slot timer: slot_elapsed is 1 from slot_nibbles edges after it.
// Parameters: none. slot_nibbles: slot time in units of 4 BT; 0 acts as 1.
`default_nettype none
`timescale 1ns/1ps

module backoff (
    input  wire        clk_tx,
    input  wire        rst,
    // Generator
    input  wire        load,
    input  wire [31:0] seed,
    input  wire        step,
    // Injected words
    input  wire [9:0]  inject_data,
    input  wire        inject_valid,
    output wire        inject_ready,
    // Configuration
    input  wire        no_backoff,
    input  wire [7:0]  slot_nibbles,
    // CSMA/CD
    input  wire        window_grow,
    input  wire        window_reset,
    input  wire        draw,
    input  wire        start,
    output wire [9:0]  slots,
    output wire        expired,
    output wire        slot_elapsed
);
    localparam [31:0] FEEDBACK = 32'h80200003;  // maximal length: x^32 + x^22 + x^2 + x + 1

    // Generator
    reg  [31:0] generator;
    wire [31:0] stepped = {1'b0, generator[31:1]} ^ ({32{generator[0]}} & FEEDBACK);

    always @(posedge clk_tx) begin
        if (step) generator <= stepped;
        if (load || rst) generator <= seed;
    end

    // Window: 2 ** n - 1. Ten bits, so that it stops at 1023 by itself.
    reg [9:0] window;
    initial window = 10'd0;  // window_reset comes one edge later than rst

    always @(posedge clk_tx) begin
        if (window_grow && !no_backoff) window <= {window[8:0], 1'b1};
        if (window_reset) window <= 10'd0;
    end

    // At the edge of a draw TX_EN was still high: the generator steps.
    assign slots        = (inject_valid ? inject_data : stepped[9:0]) & window;
    assign inject_ready = draw && !no_backoff;

    // Slot timer
    reg  [9:0] slots_left;
    reg  [7:0] timer;    // edges up to the end of a slot, the present one included
    reg        elapsed;  // these are 1 or 0
    reg        over;     // none is left, or the last one elapses at this edge
    wire       short     = slot_nibbles[7:1] == 7'd0;  // a slot elapses at the edge at which it begins
    wire       few       = slots_left[9:2] == 8'd0;
    wire       next_slot = elapsed && slots_left != 10'd0;
    wire       reload    = draw || start || next_slot;

    assign slot_elapsed = elapsed;
    assign expired      = over;

    always @(posedge clk_tx) begin
        if (next_slot) slots_left <= slots_left - 10'd1;
        if (few && (short ? slots_left[1:0] == 2'd2 : slots_left[1:0] == 2'd1 && timer == 8'd2)) over <= 1'b1;  // at the next edge
        if (draw) begin
            slots_left <= slots;
            over       <= slots[9:1] == 9'd0 && (!slots[0] || short);
        end
        timer <= timer - 8'd1;
        if (timer == 8'd2) elapsed <= 1'b1;
        if (reload) begin
            timer   <= slot_nibbles;
            elapsed <= short;
        end
        if (rst) begin
            slots_left <= 10'd0;
            over       <= 1'b1;
            elapsed    <= 1'b1;
        end
    end

`ifdef FORMAL
`include "backoff_properties.vh"
`endif
endmodule
