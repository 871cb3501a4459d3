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
    localparam NIBBLE_BITS = 7;  // 128 nibbles are a quantum of 512 BT

    reg [15:0]               limit;
    reg [NIBBLE_BITS+15:0]   nibbles;  // since the load

    assign paused = nibbles[NIBBLE_BITS +: 16] != limit;

    always @(posedge clk_tx) begin
        if (paused) nibbles <= nibbles + 1'b1;
        if (load) begin
            limit   <= quanta;
            nibbles <= 0;
        end
        if (rst) begin
            limit   <= 16'd0;
            nibbles <= 0;
        end
    end

`ifdef FORMAL
`include "pause_timer_properties.vh"
`endif
endmodule
