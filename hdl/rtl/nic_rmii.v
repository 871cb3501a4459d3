// The LAN adapter on an RMII: nic_mii behind rmii_shim, for a LAN8720 or its like.
//
// RMII specification rev. 1.2 (RMII Consortium); docs/adapter.md "RMII". Registers and everything else as in nic_mii;
// CAPS.RMII is 1, SQE test and carrier sense errors are never reported.
//
// Clocks and reset: clk_bus, rst and the Wishbone side are those of nic_mii. clk_ref is the 50 MHz REF_CLK of the
// PHY; the shim makes the MII clock of the adapter from it, 25 or 2.5 MHz as CTRL.SPEED100 says, so that bit has to
// agree with the speed of the PHY. clk_mii is that clock, for the observation group and for constraints.
// Parameters and the observation group: see nic_mii.
`default_nettype none
`timescale 1ns/1ps

module nic_rmii #(
    parameter BUFFER_PAGES  = 64,
    parameter BUFFER_PRESET = 1,
    parameter BUS_HZ        = 50_000_000,
    parameter TX_SLOTS      = 4
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
    // Board: MAC-address ROM (octet 0 in bits 7..0, constant) and the PHY's link signal (asynchronous)
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    // RMII
    input  wire         clk_ref,
    output wire [1:0]   rmii_txd,
    output wire         rmii_tx_en,
    input  wire [1:0]   rmii_rxd,
    input  wire         rmii_crs_dv,
    input  wire         rmii_rx_er,
    // Management of the PHY; a pad drives MDIO while mdio_oe is 1
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // Observation (clk_mii)
    output wire         clk_mii,
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
    wire       speed100;
    wire [3:0] mii_txd, mii_rxd;
    wire       mii_tx_en, mii_rx_dv, mii_rx_er, mii_crs, mii_col;
    wire       unused_tx_er;  // RMII has no pin for it

    nic_mii #(
        .BUFFER_PAGES(BUFFER_PAGES), .BUFFER_PRESET(BUFFER_PRESET), .BUS_HZ(BUS_HZ), .TX_SLOTS(TX_SLOTS), .RMII(1)
    ) adapter (
        .clk_bus(clk_bus), .rst(rst),
        .wb_cyc(wb_cyc), .wb_stb(wb_stb), .wb_we(wb_we), .wb_sel(wb_sel), .wb_adr(wb_adr), .wb_dat_w(wb_dat_w),
        .wb_dat_r(wb_dat_r), .wb_ack(wb_ack), .wb_err(wb_err), .irq(irq),
        .rom_image(rom_image), .phy_link(phy_link),
        .clk_tx(clk_mii), .mii_txd(mii_txd), .mii_tx_en(mii_tx_en), .mii_tx_er(unused_tx_er),
        .clk_rx(clk_mii), .mii_rxd(mii_rxd), .mii_rx_dv(mii_rx_dv), .mii_rx_er(mii_rx_er),
        .mii_crs(mii_crs), .mii_col(mii_col),
        .mdc(mdc), .mdio_o(mdio_o), .mdio_oe(mdio_oe), .mdio_i(mdio_i), .speed100(speed100),
        .observe_waiting(observe_waiting), .observe_start(observe_start), .observe_collision(observe_collision),
        .observe_jam(observe_jam), .observe_end(observe_end), .observe_collided(observe_collided),
        .observe_draw(observe_draw), .observe_slots(observe_slots), .observe_attempt(observe_attempt),
        .observe_deferring(observe_deferring), .observe_reset(observe_reset)
    );

    rmii_shim shim (
        .clk_ref(clk_ref), .speed100(speed100), .clk_mii(clk_mii),
        .mii_txd(mii_txd), .mii_tx_en(mii_tx_en), .mii_rxd(mii_rxd), .mii_rx_dv(mii_rx_dv), .mii_rx_er(mii_rx_er),
        .mii_crs(mii_crs), .mii_col(mii_col),
        .rmii_txd(rmii_txd), .rmii_tx_en(rmii_tx_en),
        .rmii_rxd(rmii_rxd), .rmii_crs_dv(rmii_crs_dv), .rmii_rx_er(rmii_rx_er)
    );
endmodule
