// Jabber, SQE test, collision presence and carrier sense of a 10BASE-T MAU.
//
// IEEE Std 802.3-2022 14.2.1.3 to 14.2.1.5, 14.2.1.10; twin: firmware_models/phy/mau.py. Clock clk, 60 MHz; tick about every
// millisecond.
// Collision presence: half duplex, link pass, sending while the receive line is active.
// SQE test: after a frame that was sent, col for SQE_HALVES half nibbles (1 us), SQE_DELAY_HALVES after its end
// (1.0 .. 1.2 us): half duplex only. A half nibble, 200 ns, is where tx_clk changes.
// Jabber: TX_EN for JABBER_TICKS (20 .. 150 ms) silences the output and shows a collision until TX_EN has been low for
// UNJAB_TICKS (250 .. 750 ms).
// Carrier sense: half duplex: sending or receiving; full duplex: receiving. It lasts as long as RX_DV.
`default_nettype none
`timescale 1ns/1ps

module mau_functions #(
    parameter [9:0] JABBER_TICKS = 10'd48,
    parameter [9:0] UNJAB_TICKS  = 10'd500
) (
    input  wire clk,
    input  wire rst,
    input  wire tick,
    input  wire full_duplex,
    input  wire link_ok,
    input  wire sqe_enable,
    input  wire collision_test,
    // Transmit side
    input  wire tx_clk,
    input  wire tx_en,
    input  wire transmitting,
    // Receive side
    input  wire receiving,  // activity on the receive pair
    input  wire carrier,
    input  wire rx_dv,
    // MII
    output reg  crs,
    output reg  col,
    output reg  jabber
);
    localparam [3:0] SQE_DELAY_HALVES = 4'd6;
    localparam [3:0] SQE_HALVES       = 4'd5;

    reg [9:0] ticks;
    reg       was_transmitting, was_tx_clk;
    reg [3:0] halves;  // of delay and SQE test, still to come

    wire sqe = halves != 4'd0 && halves <= SQE_HALVES;

    always @(posedge clk) begin
        was_transmitting <= transmitting;
        was_tx_clk       <= tx_clk;
        if (halves != 4'd0 && tx_clk != was_tx_clk) halves <= halves - 4'd1;
        if (was_transmitting && !transmitting && !full_duplex && link_ok && sqe_enable && !jabber)
            halves <= SQE_DELAY_HALVES + SQE_HALVES;
        if (transmitting) halves <= 4'd0;

        if (tx_en == jabber) ticks <= 10'd0;
        else if (tick) ticks <= ticks + 10'd1;
        if (tick && tx_en && !jabber && ticks == JABBER_TICKS - 10'd1) jabber <= 1'b1;
        if (tick && !tx_en && jabber && ticks == UNJAB_TICKS - 10'd1) jabber <= 1'b0;

        col <= (collision_test && tx_en)
            || (!full_duplex && ((transmitting && receiving && link_ok) || sqe || (jabber && link_ok)));
        crs <= receiving || carrier || rx_dv || (!full_duplex && transmitting);
        if (rst) begin
            halves <= 4'd0;
            ticks  <= 10'd0;
            jabber <= 1'b0;
            col    <= 1'b0;
            crs    <= 1'b0;
        end
    end
endmodule
