// A 10BASE-T PHY: MAU, auto-negotiation and clause 22 registers behind an MII. Instances only.
//
// IEEE Std 802.3-2022 clauses 14, 22 and 28; docs/phy.md. Clock clk, 60 MHz; MDC and MDIO, and the line, are asynchronous to it.
// tx_clk and rx_clk are generated (mau_10baset). link_led is the link, for a MAC or an indicator.
// Parameters: TICK_CLOCKS and EIGHTH_CLOCKS shorten every timer in tests (real: 60 000, 1 ms, and 469, 7.8 us).
`default_nettype none
`timescale 1ns/1ps

module phy_10baset #(
    parameter       TICK_CLOCKS   = 60_000,
    parameter       EIGHTH_CLOCKS = 469,
    parameter       HAS_AUTONEG   = 1,
    parameter [4:0] ADDRESS       = 5'd1
) (
    input  wire       clk,
    input  wire       rst,
    // MII
    output wire       tx_clk,
    input  wire [3:0] txd,
    input  wire       tx_en,
    output wire       rx_clk,
    output wire [3:0] rxd,
    output wire       rx_dv,
    output wire       crs,
    output wire       col,
    output wire       link,
    // Management
    input  wire       mdc,
    input  wire       mdio_i,
    output wire       mdio_o,
    output wire       mdio_oe,
    // Line
    output wire       td_p,
    output wire       td_n,
    input  wire [1:0] rd_high,
    input  wire [1:0] rd_low
);
    wire        read, write, soft_reset, loopback, autoneg_enable, power_down, isolate, restart, force_full, collision_test;
    wire [4:0]  index;
    wire [15:0] write_data, read_data, partner;
    wire [12:0] advertised;
    wire        tick, owns_line, flp_pulse, pulse_seen, full_duplex, complete, page_received, partner_is_able;
    wire        link_ok, jabber, dv, crs_inside, col_inside, unused_reversed, unused_receiving;
    wire        rst_all = rst || soft_reset || power_down;

    assign link  = link_ok;
    assign rx_dv = dv && !isolate;
    assign crs   = crs_inside && !isolate;
    assign col   = col_inside && !isolate;

    mdio_slave #(.ADDRESS(ADDRESS)) management (
        .clk(clk), .rst(rst), .mdc(mdc), .mdio_i(mdio_i), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .read(read), .write(write),
        .index(index), .write_data(write_data), .read_data(read_data)
    );

    phy_registers #(.HAS_AUTONEG(HAS_AUTONEG)) registers (
        .clk(clk), .rst(rst), .read(read), .write(write), .index(index), .write_data(write_data), .read_data(read_data),
        .soft_reset(soft_reset), .loopback(loopback), .autoneg_enable(autoneg_enable), .power_down(power_down),
        .isolate(isolate), .restart(restart), .force_full(force_full), .collision_test(collision_test),
        .advertised(advertised), .link_ok(link_ok), .jabber(jabber), .complete(complete),
        .page_received(page_received), .partner_is_able(partner_is_able), .partner(partner)
    );

    generate
        if (HAS_AUTONEG) begin : negotiates
            wire eighth;

            millisecond_tick #(.CLOCKS(EIGHTH_CLOCKS)) eighths (.clk(clk), .rst(rst_all), .tick(eighth));

            autoneg negotiation (
                .clk(clk), .rst(rst_all), .tick(tick), .eighth(eighth), .enable(autoneg_enable), .restart(restart),
                .force_full(force_full), .advertised(advertised), .pulse_seen(pulse_seen), .link_ok(link_ok),
                .owns_line(owns_line), .pulse(flp_pulse), .full_duplex(full_duplex), .complete(complete), .partner(partner),
                .page_received(page_received), .partner_is_able(partner_is_able)
            );
        end else begin : does_not
            wire unused_inputs = &{1'b0, tick, pulse_seen, autoneg_enable, restart, advertised};

            assign {owns_line, flp_pulse, complete, page_received, partner_is_able} = 5'd0;
            assign {full_duplex, partner} = {force_full, 16'd0};
        end
    endgenerate

    mau_10baset #(.TICK_CLOCKS(TICK_CLOCKS)) mau (
        .clk(clk), .rst(rst_all), .full_duplex(full_duplex), .loopback_enable(1'b1), .loopback(loopback),
        .sqe_enable(1'b1), .collision_test(collision_test), .flp_active(owns_line), .flp_pulse(flp_pulse), .tick(tick),
        .link_ok(link_ok), .jabber(jabber), .reversed(unused_reversed), .receiving(unused_receiving),
        .pulse_seen(pulse_seen), .tx_clk(tx_clk), .txd(txd), .tx_en(tx_en && !isolate), .rx_clk(rx_clk), .rxd(rxd),
        .rx_dv(dv), .crs(crs_inside), .col(col_inside), .td_p(td_p), .td_n(td_n), .rd_high(rd_high), .rd_low(rd_low)
    );
endmodule
