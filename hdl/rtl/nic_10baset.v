// The LAN adapter with its own 10BASE-T PHY: nic_mii and phy_10baset; a transformer and a comparator make it a station.
//
// Registers and everything else as in nic_mii; the PHY answers to MDIO address 1 inside. CTRL.SPEED100 has to be 0.
//
// Clocks and reset: clk_bus, rst and the Wishbone side are those of nic_mii. clk_line is the 60 MHz of the PHY, which
// makes the MII clocks from it and is reset with the adapter. Line: see mau_10baset; rd_high and rd_low are asynchronous.
// CTRL.FULL_DUPLEX has to agree with the PHY: the driver sees to it over MDIO.
// Observation, on observe_clk (TX_CLK): the MII inside, and the group of nic_mii.
// Parameters: those of nic_mii and of phy_10baset.
`default_nettype none
`timescale 1ns/1ps

module nic_10baset #(
    parameter BUFFER_PAGES  = 64,
    parameter BUFFER_PRESET = 1,
    parameter BUS_HZ        = 50_000_000,
    parameter TX_SLOTS      = 4,
    parameter TICK_CLOCKS   = 60_000,
    parameter EIGHTH_CLOCKS = 469,
    parameter HAS_AUTONEG   = 1
) (
    input  wire         clk_bus,
    input  wire         rst,
    // Wishbone master
    input  wire         wb_cyc,
    input  wire         wb_stb,
    input  wire         wb_we,
    input  wire [3:0]   wb_sel,
    input  wire [14:0]  wb_adr,
    input  wire [31:0]  wb_dat_w,
    output wire [31:0]  wb_dat_r,
    output wire         wb_ack,
    output wire         wb_err,
    output wire         irq,
    // Board: MAC-address ROM (octet 0 in bits 7..0, constant)
    input  wire [255:0] rom_image,
    // Line
    input  wire         clk_line,
    output wire         td_p,
    output wire         td_n,
    input  wire [1:0]   rd_high,
    input  wire [1:0]   rd_low,
    output wire         link,
    // Observation
    output wire         observe_clk,
    output wire [3:0]   observe_txd,
    output wire         observe_tx_en,
    output wire         observe_rx_dv,
    output wire         observe_waiting,
    output wire         observe_start,
    output wire         observe_collision,
    output wire         observe_jam,
    output wire         observe_end,
    output wire         observe_collided,
    output wire         observe_draw,
    output wire [9:0]   observe_slots,
    output wire [4:0]   observe_attempt,
    output wire         observe_deferring,
    output wire         observe_reset
);
    wire       tx_clk, rx_clk, tx_en, rx_dv, crs, col, rst_line, mdc, mdio_host, mdio_host_oe, mdio_phy, mdio_phy_oe;
    wire       unused_tx_er, unused_speed100;
    wire [3:0] txd, rxd;
    wire       mdio = mdio_host_oe ? mdio_host : mdio_phy_oe ? mdio_phy : 1'b1;

    assign observe_clk   = tx_clk;
    assign observe_txd   = txd;
    assign observe_tx_en = tx_en;
    assign observe_rx_dv = rx_dv;

    sync_2ff cross_reset (.clk(clk_line), .d(rst), .q(rst_line));

    nic_mii #(
        .BUFFER_PAGES(BUFFER_PAGES), .BUFFER_PRESET(BUFFER_PRESET), .BUS_HZ(BUS_HZ), .TX_SLOTS(TX_SLOTS)
    ) adapter (
        .clk_bus(clk_bus), .rst(rst),
        .wb_cyc(wb_cyc), .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w),
        .wb_dat_r(wb_dat_r), .wb_ack(wb_ack), .wb_err(wb_err), .irq(irq),
        .rom_image(rom_image), .phy_link(link),
        .clk_tx(tx_clk), .mii_txd(txd), .mii_tx_en(tx_en), .mii_tx_er(unused_tx_er),
        .clk_rx(rx_clk), .mii_rxd(rxd), .mii_rx_dv(rx_dv), .mii_rx_er(1'b0), .mii_crs(crs), .mii_col(col),
        .mdc(mdc), .mdio_o(mdio_host), .mdio_oe(mdio_host_oe), .mdio_i(mdio), .speed100(unused_speed100),
        .observe_waiting(observe_waiting), .observe_start(observe_start), .observe_collision(observe_collision),
        .observe_jam(observe_jam), .observe_end(observe_end), .observe_collided(observe_collided),
        .observe_draw(observe_draw), .observe_slots(observe_slots), .observe_attempt(observe_attempt),
        .observe_deferring(observe_deferring), .observe_reset(observe_reset)
    );

    phy_10baset #(
        .TICK_CLOCKS(TICK_CLOCKS), .EIGHTH_CLOCKS(EIGHTH_CLOCKS), .HAS_AUTONEG(HAS_AUTONEG)
    ) phy (
        .clk(clk_line), .rst(rst_line), .tx_clk(tx_clk), .txd(txd), .tx_en(tx_en), .rx_clk(rx_clk), .rxd(rxd),
        .rx_dv(rx_dv), .crs(crs), .col(col), .link(link), .mdc(mdc), .mdio_i(mdio), .mdio_o(mdio_phy),
        .mdio_oe(mdio_phy_oe), .td_p(td_p), .td_n(td_n), .rd_high(rd_high), .rd_low(rd_low)
    );
endmodule
