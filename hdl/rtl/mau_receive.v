// Received bits of 10BASE-T to an MII: finds the SFD, cuts nibbles there, and makes RX_CLK out of the bit clock.
//
// IEEE Std 802.3-2022 22.2.1.2, 22.2.2; twin: firmware_models/phy/receive.py. Clock clk, 60 MHz; bits come from
// manchester_decoder (strobe, bit_value, locked).
// RX_CLK is GENERATED: it changes every second bit; a board puts it on a global clock net. While the decoder is locked
// the bits are those of the line, else 6 clocks of clk, so a level lasts 12 clocks, between 9 and 18 where one gives way
// to the other, and never less. RXD and RX_DV change where RX_CLK falls, half a period before the MAC samples them.
// RX_DV comes with the last octet of the preamble: 5, D, then the data; the bits wait in a shift register of
// 11, because the SFD may end at any of the four bits of a nibble of RX_CLK. Without an SFD RX_DV stays low. Bits at the end that are no whole nibble are dropped.
// RX_ER is never raised: at 10 Mb/s there is nothing but a bad bit, which ends the frame.
`default_nettype none
`timescale 1ns/1ps

module mau_receive (
    input  wire       clk,
    input  wire       rst,
    // Decoder
    input  wire       strobe,
    input  wire       bit_value,
    input  wire       locked,
    // MII
    output reg        rx_clk,
    output reg  [3:0] rxd,
    output reg        rx_dv
);
    localparam [7:0] SFD         = 8'b1010_1011;  // the earliest bit first
    localparam [3:0] SFD_BITS    = 4'd8;
    localparam [2:0] LAST_CLOCK  = 3'd5;
    localparam [2:0] LEAST_CLOCK = 3'd2;  // of a bit; sooner strobes do not count for RX_CLK

    reg [10:0] shift;     // newest bit in shift[0]
    reg [2:0]  count;     // clocks of the bit of RX_CLK, saturating
    reg [1:0]  index;     // bit of the nibble of RX_CLK
    reg        hunting;   // for the SFD of this frame
    reg        found;     // the SFD is in the shift register, RX_DV not yet up
    reg [1:0]  offset;    // bits that came between the SFD and the nibble clock
    reg [3:0]  waiting;   // bits in the shift register: of the frame, or before the SFD trusted ones, to 8

    wire       comes   = strobe && locked;  // a bit
    wire       is_sfd  = comes && hunting && waiting >= SFD_BITS - 4'd1 && {shift[6:0], bit_value} == SFD;
    wire       tick    = locked ? comes && count >= LEAST_CLOCK : count >= LAST_CLOCK;
    wire       moves   = locked ? comes : tick;
    wire       wraps   = tick && index == 2'd3;
    wire       gives   = wraps && (found || rx_dv) && waiting[3:2] != 2'd0;
    wire [3:0] oldest  = offset == 2'd0 ? shift[7:4] : offset == 2'd1 ? shift[8:5] : offset == 2'd2 ? shift[9:6] : shift[10:7];

    initial begin  // it has to run for the MAC to come out of reset
        count  = 3'd0;
        index  = 2'd0;
        rx_clk = 1'b0;
    end
    always @(posedge clk) begin
        count <= tick ? 3'd0 : count == 3'd7 ? 3'd7 : count + 3'd1;
        if (tick) begin
            index <= index + 2'd1;
            if (index[0]) rx_clk <= !index[1];
        end
    end

    always @(posedge clk) begin
        if (moves) shift <= {shift[9:0], bit_value};
        if (!locked) hunting <= 1'b1;
        if (found && !wraps && moves) offset <= offset + 2'd1;
        if (found || rx_dv) waiting <= waiting + {3'd0, comes} - (gives ? 4'd4 : 4'd0);
        else if (!locked) waiting <= 4'd0;
        else if (comes && waiting != SFD_BITS) waiting <= waiting + 4'd1;
        if (wraps) begin
            rx_dv <= gives;
            found <= 1'b0;
            rxd   <= {oldest[0], oldest[1], oldest[2], oldest[3]};  // the first on the line is bit 0
        end
        if (is_sfd) begin
            hunting <= 1'b0;
            found   <= 1'b1;
            offset  <= 2'd0;
            waiting <= SFD_BITS;
        end
        if (rst) begin
            rx_dv   <= 1'b0;
            found   <= 1'b0;
            hunting <= 1'b1;
            waiting <= 4'd0;
        end
    end
endmodule
