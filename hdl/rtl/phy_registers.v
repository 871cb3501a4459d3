// The clause 22 registers of the 10BASE-T PHY: 0 to 6.
//
// IEEE Std 802.3-2022 22.2.4, 28.2.4.1. Clock clk; access is that of mdio_slave. Bits that this PHY does not have read 0, and
// so does every other register. rst is power-on; a 1 in bit 15 of register 0 does the same and is 0 again at once.
// Latching bits: link (register 1 bit 2) stays 0, jabber (bit 1) and page received (register 6 bit 1) stay 1 until read.
// Parameters: what registers 2 and 3 say; 0 is no manufacturer.
`default_nettype none
`timescale 1ns/1ps

module phy_registers #(
    parameter [31:0] IDENTIFIER = 32'd0,
    parameter        HAS_AUTONEG = 1
) (
    input  wire        clk,
    input  wire        rst,
    // Access
    input  wire        read,
    input  wire        write,
    input  wire [4:0]  index,
    input  wire [15:0] write_data,
    output reg  [15:0] read_data,
    // Control
    output wire        soft_reset,
    output reg         loopback,
    output reg         autoneg_enable,
    output reg         power_down,
    output reg         isolate,
    output reg         restart,
    output reg         force_full,
    output reg         collision_test,
    output reg  [12:0] advertised,
    // State
    input  wire        link_ok,
    input  wire        jabber,
    input  wire        complete,
    input  wire        page_received,
    input  wire        partner_is_able,
    input  wire [15:0] partner
);
    localparam [12:0] ADVERTISED = 13'h0061;  // 10BASE-T, both duplex modes, IEEE Std 802.3
    localparam [4:0] CONTROL = 5'd0, STATUS = 5'd1, ID_HIGH = 5'd2, ID_LOW = 5'd3, ADVERTISEMENT = 5'd4, PARTNER = 5'd5,
                     EXPANSION = 5'd6;
    localparam [0:0] CAN = HAS_AUTONEG;

    reg was_jabber, was_down, was_received;

    wire unused_speed = write_data[13];  // there is one speed

    assign soft_reset = write && index == CONTROL && write_data[15];

    always @* begin
        case (index)
            CONTROL: read_data = {1'b0, loopback, 1'b0, autoneg_enable, power_down, isolate, 1'b0, force_full, collision_test, 7'd0};
            STATUS: read_data = {3'b000, 2'b11, 4'd0, 1'b1, complete, 1'b0, CAN, link_ok && !was_down, jabber || was_jabber, 1'b1};
            ID_HIGH: read_data = IDENTIFIER[31:16];
            ID_LOW: read_data = IDENTIFIER[15:0];
            ADVERTISEMENT: read_data = {3'b000, advertised};
            PARTNER: read_data = partner;
            EXPANSION: read_data = {14'd0, was_received, partner_is_able};
            default: read_data = 16'd0;
        endcase
    end

    always @(posedge clk) begin
        restart      <= 1'b0;
        was_down     <= !link_ok || (was_down && !(read && index == STATUS));
        was_jabber   <= jabber || (was_jabber && !(read && index == STATUS));
        was_received <= page_received || (was_received && !(read && index == EXPANSION));
        if (write && index == CONTROL) begin
            {loopback, autoneg_enable} <= {write_data[14], write_data[12] && CAN};
            {power_down, isolate}      <= write_data[11:10];
            {restart, force_full, collision_test} <= write_data[9:7];
        end
        if (write && index == ADVERTISEMENT) advertised <= write_data[12:0];
        if (rst || soft_reset) begin
            loopback       <= 1'b0;
            autoneg_enable <= CAN;
            power_down     <= 1'b0;
            isolate        <= 1'b0;
            restart        <= 1'b1;
            force_full     <= 1'b0;
            collision_test <= 1'b0;
            advertised     <= ADVERTISED;
        end
    end
endmodule
