// The way of a frame through a repeater hub: preamble regeneration, and the delay that it takes.
//
// IEEE Std 802.3-2022 9.6.1, 27.3.1; docs/network.md "Repeater". Clock clk; rst forgets a frame under way.
// Inputs: entering, forwarding, age as in repeater_control; carrier and nibble of the source, which at the edge of
// entering is the one active port.
// Outputs: data_end, a register: the source is silent and its last nibble has been given out; txd, a register: 15
// nibbles 5, the D of the SFD, and what followed it; 5 for want of anything else. The first nibble of a frame is in
// txd after the edge that follows the one of entering.
// A source whose SFD comes after h < 15 nibbles is delayed by the 15 - h that its preamble lacks, in a shift register.
// Not done here: RX_ER, which a repeater for 100 Mb/s would hand on.
`default_nettype none
`timescale 1ns/1ps

module repeater_path (
    input  wire        clk,
    input  wire        rst,
    input  wire        entering,
    input  wire        forwarding,
    input  wire [12:0] age,
    input  wire        carrier,
    input  wire [3:0]  nibble,
    output wire        data_end,
    output reg  [3:0]  txd
);
    localparam [3:0]  PREAMBLE = 4'h5;
    localparam [3:0]  SFD      = 4'hD;   // its second nibble; the first is one more of the preamble
    localparam [12:0] HEADER   = 13'd16; // age at which the 16th nibble goes out

    reg [3:0] history [0:14];  // nibbles heard, the last one first
    reg       has_last;        // history[0] was heard in this frame
    reg       found;           // the SFD
    reg       ended;           // the source has fallen silent
    reg [3:0] delay;           // nibbles that the preamble lacked
    reg [3:0] left;            // nibbles to be given out after the end
    integer   i;

    wire hears = carrier && (entering || (forwarding && !ended));
    wire finds = hears && has_last && !entering && !found && history[0] == PREAMBLE && nibble == SFD;
    // age is the number of nibbles heard before this one
    wire [3:0] lacking = age < 13'd15 ? 4'd15 - age[3:0] : 4'd0;

    assign data_end = ended && left == 4'd0;

    always @(posedge clk) begin
        for (i = 14; i > 0; i = i - 1) history[i] <= history[i-1];
        history[0] <= nibble;
        has_last   <= hears;
        if (finds) begin
            found <= 1'b1;
            delay <= lacking;
        end
        if (forwarding && !ended && !carrier) begin
            ended <= 1'b1;
            left  <= delay;
        end else if (left != 4'd0) begin
            left <= left - 4'd1;
        end
        if (entering || rst) begin
            found <= 1'b0;
            ended <= 1'b0;
            delay <= 4'd0;
            left  <= 4'd0;
        end
        txd <= forwarding && found && age >= HEADER && !data_end ? history[delay] : PREAMBLE;
    end
endmodule
