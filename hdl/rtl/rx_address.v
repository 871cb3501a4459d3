// Recognises, octet by octet, what of a received frame is the same in every station: the broadcast address, and the
// destination, Type and opcode of a PAUSE frame.
//
// IEEE Std 802.3-2022 3.2.3, Annex 31B. Clock clk_rx. begins clears the results; at an edge with octet_valid, octet is
// number `index` of the frame (from 0 on). The results hold for a frame that has these octets, from octet 15 on.
// Not done here: the station's own address and the multicast hash (rx_filter), what follows from the results (rx_store).
`default_nettype none
`timescale 1ns/1ps

module rx_address (
    input  wire        clk_rx,
    input  wire        begins,
    input  wire        octet_valid,
    input  wire [10:0] index,
    input  wire [7:0]  octet,
    output reg         broadcast,
    output reg         pause_address,  // 01-80-C2-00-00-01
    output reg         pause_type      // 88-08, 00-01
);
    localparam [10:0] ADDRESS_OCTETS = 11'd6;
    localparam [10:0] TYPE_FIRST     = 11'd12;
    localparam [10:0] OPCODE_LAST    = 11'd15;

    wire in_address = index < ADDRESS_OCTETS;
    wire in_type    = index >= TYPE_FIRST && index <= OPCODE_LAST;

    reg [7:0] expected;
    always @*
        case (index[3:0])
            4'd0:    expected = 8'h01;
            4'd1:    expected = 8'h80;
            4'd2:    expected = 8'hC2;
            4'd3:    expected = 8'h00;
            4'd4:    expected = 8'h00;
            4'd5:    expected = 8'h01;
            4'd12:   expected = 8'h88;
            4'd13:   expected = 8'h08;
            4'd14:   expected = 8'h00;
            4'd15:   expected = 8'h01;
            default: expected = 8'hxx;
        endcase

    always @(posedge clk_rx) begin
        if (octet_valid && in_address && octet != 8'hFF)    broadcast     <= 1'b0;
        if (octet_valid && in_address && octet != expected) pause_address <= 1'b0;
        if (octet_valid && in_type && octet != expected)    pause_type    <= 1'b0;
        if (begins) begin
            broadcast     <= 1'b1;
            pause_address <= 1'b1;
            pause_type    <= 1'b1;
        end
    end
endmodule
