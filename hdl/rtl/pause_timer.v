// PAUSE timer of Annex 31B: holds frames back for pause_time quanta of 512 bit times. Full duplex only.
//
// Clock clk_tx; rst ends a pause. load at edge p takes quanta (0 ends a running pause); paused is 1 at the edges p
// + 1 .. p + 128 * quanta.
// Not done here: recognising the frame (rx_store), and what a pause holds back (csma_cd).
`default_nettype none
`timescale 1ns/1ps

module pause_timer (
    input  wire        clk_tx,
    input  wire        rst,
    input  wire        load,
    input  wire [15:0] quanta,
    output wire        paused
);
    localparam [6:0] LAST_NIBBLE = 7'd127;  // of a quantum of 512 BT

    reg [15:0] left;
    reg [6:0]  nibble;

    assign paused = left != 16'd0;

    always @(posedge clk_tx) begin
        nibble <= nibble + 7'd1;
        if (paused && nibble == LAST_NIBBLE) left <= left - 16'd1;
        if (load) begin
            left   <= quanta;
            nibble <= 7'd0;
        end
        if (rst) left <= 16'd0;
    end
endmodule
