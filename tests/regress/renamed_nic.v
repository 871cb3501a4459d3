`default_nettype none
`timescale 1ns/1ps
// A device under test for the tests of device files: nic_mii as somebody else would call things. Other names of ports and
// parameters, an input that the socket has not (`freeze`, to be tied to 0), no wb_cyc and no observe_deferring.
module renamed_nic #(
    parameter CLOCK_HZ = 1
) (
    input  wire         clk_i, rst_i, stb_i, we_i, freeze,
    input  wire [3:0]   sel_i,
    input  wire [14:0]  adr_i,
    input  wire [31:0]  dat_i,
    output wire [31:0]  dat_o,
    output wire         ack_o, err_o, int_o, led,
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    input  wire         tx_clk, rx_clk, rx_dv, rx_er, crs, col, mdio_i,
    input  wire [3:0]   rxd,
    output wire [3:0]   txd,
    output wire         tx_en, mdc, mdio_o, mdio_oe,
    output wire         observe_waiting, observe_start, observe_collision, observe_jam, observe_end, observe_collided,
    output wire         observe_draw, observe_reset,
    output wire [9:0]   observe_slots,
    output wire [4:0]   observe_attempt
);
  wire unused_tx_er, unused_speed100, unused_deferring;
  assign led = int_o && !freeze;

  nic_mii #(.BUS_HZ(CLOCK_HZ)) inner (
      .clk_bus(clk_i), .rst(rst_i || freeze), .wb_cyc(stb_i), .wb_stb(stb_i), .wb_we(we_i), .wb_sel(sel_i), .wb_adr(adr_i),
      .wb_dat_w(dat_i), .wb_dat_r(dat_o), .wb_ack(ack_o), .wb_err(err_o), .irq(int_o), .rom_image(rom_image),
      .phy_link(phy_link), .clk_tx(tx_clk), .mii_txd(txd), .mii_tx_en(tx_en), .mii_tx_er(unused_tx_er), .clk_rx(rx_clk),
      .mii_rxd(rxd), .mii_rx_dv(rx_dv), .mii_rx_er(rx_er), .mii_crs(crs), .mii_col(col), .mdc(mdc), .mdio_o(mdio_o),
      .mdio_oe(mdio_oe), .mdio_i(mdio_i), .speed100(unused_speed100), .observe_waiting(observe_waiting),
      .observe_start(observe_start), .observe_collision(observe_collision), .observe_jam(observe_jam),
      .observe_end(observe_end), .observe_collided(observe_collided), .observe_draw(observe_draw),
      .observe_slots(observe_slots), .observe_attempt(observe_attempt), .observe_deferring(unused_deferring),
      .observe_reset(observe_reset)
  );
endmodule
