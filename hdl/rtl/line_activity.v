// Tells activity from link pulses on one received line of 10BASE-T.
//
// IEEE Std 802.3-2022 14.2.1.6, 14.2.1.7; twin: firmware_models/phy/link.py. Clock clk, 60 MHz; line_high as in
// manchester_decoder. Edges that follow each other within IDLE_CLOCKS belong together.
// active: from START_EDGES edges together until IDLE_CLOCKS have passed without one, so a link pulse does not raise it.
// pulse: one clock, when what has just ended was a single rise and fall from the idle level. The fall at the end of a
// start of idle is none. rst makes the line idle.
`default_nettype none
`timescale 1ns/1ps

module line_activity (
    input  wire       clk,
    input  wire       rst,
    input  wire [1:0] line_high,
    output reg        active,
    output reg        pulse
);
    localparam [3:0] IDLE_CLOCKS = 4'd10;  // 167 ns, more than a bit with its jitter
    localparam [1:0] START_EDGES = 2'd3;   // the count saturates there

    reg       previous;
    reg [3:0] quiet;
    reg [1:0] edges;
    reg       rose;    // the first edge was a rise

    wire both     = line_high[0] != previous && line_high[1] != line_high[0];
    wire any_edge = line_high[0] != previous || line_high[1] != line_high[0];
    wire silence  = !any_edge && quiet == IDLE_CLOCKS - 4'd1;

    always @(posedge clk) begin
        previous <= line_high[1];
        pulse    <= silence && edges == 2'd2 && rose;
        if (any_edge) begin
            quiet <= 4'd0;
            if (edges == 2'd0) rose <= !previous;
            if (edges != START_EDGES) edges <= both && edges != 2'd2 ? edges + 2'd2 : edges + 2'd1;
            if (edges == START_EDGES || (edges == 2'd2) || (edges == 2'd1 && both)) active <= 1'b1;
        end else if (quiet != IDLE_CLOCKS) quiet <= quiet + 4'd1;
        if (silence || rst) begin
            edges  <= 2'd0;
            active <= 1'b0;
        end
        if (rst) quiet <= IDLE_CLOCKS;
    end
endmodule
