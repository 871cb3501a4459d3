`default_nettype none
`timescale 1ns/1ps
// The socket of a station on an RMII: nic_rmii, and what a bench needs of its inside. No other device can be put here.
//
// Ports and parameters: see adapter_socket_model, with the RMII in place of the MII; clk_mii is what observation is on.
module rmii_socket_model #(
    parameter BACK_DOOR = 0,
    parameter BUFFER_PAGES = 64,
    parameter BUS_HZ = 50_000_000,
    parameter TX_SLOTS = 4
) (
    input  wire         clk_bus,
    input  wire         rst,
    // Wishbone master
    input  wire         wb_cyc,
    input  wire         wb_stb,
    input  wire         wb_we,
    input  wire [  3:0] wb_sel,
    input  wire [ 14:0] wb_adr,
    input  wire [ 31:0] wb_dat_w,
    output wire [ 31:0] wb_dat_r,
    output wire         wb_ack,
    output wire         wb_err,
    output wire         irq,
    // board
    input  wire [255:0] rom_image,
    input  wire         phy_link,
    // RMII
    input  wire         clk_ref,
    output wire [  1:0] rmii_txd,
    output wire         rmii_tx_en,
    input  wire [  1:0] rmii_rxd,
    input  wire         rmii_crs_dv,
    input  wire         rmii_rx_er,
    // management of the PHY
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // observation of the transmit MAC
    output wire         clk_mii,
    output wire         observe_waiting,
    output wire         observe_start,
    output wire         observe_collision,
    output wire         observe_jam,
    output wire         observe_end,
    output wire         observe_collided,
    output wire         observe_draw,
    output wire [  9:0] observe_slots,
    output wire [  4:0] observe_attempt,
    output wire         observe_reset,
    // what the MAC is asked to send
    output wire [ 10:0] request_octets,
    output wire         request_pad,
    output wire         request_fcs,
    // back door to the counters
    input  wire [ 38:0] poke
);
  assign request_octets = device.adapter.request_octets;
  assign request_pad = device.adapter.request_pad;
  assign request_fcs = device.adapter.request_fcs;

  generate
    if (BACK_DOOR) begin : back_door
      rmii_counter_door_model door (
          .clk_bus(clk_bus),
          .poke(poke)
      );
    end else begin : no_back_door
      wire unused_poke = &{1'b0, poke};
    end
  endgenerate

  // Nothing looks at the output that is open.
  /* verilator lint_off PINCONNECTEMPTY */
  nic_rmii #(
      .BUFFER_PAGES(BUFFER_PAGES),
      .BUS_HZ(BUS_HZ),
      .TX_SLOTS(TX_SLOTS)
  ) device (
      .clk_bus(clk_bus),
      .rst(rst),
      .wb_cyc(wb_cyc),
      .wb_stb(wb_stb),
      .wb_we(wb_we),
      .wb_sel(wb_sel),
      .wb_adr(wb_adr),
      .wb_dat_w(wb_dat_w),
      .wb_dat_r(wb_dat_r),
      .wb_ack(wb_ack),
      .wb_err(wb_err),
      .irq(irq),
      .rom_image(rom_image),
      .phy_link(phy_link),
      .clk_ref(clk_ref),
      .rmii_txd(rmii_txd),
      .rmii_tx_en(rmii_tx_en),
      .rmii_rxd(rmii_rxd),
      .rmii_crs_dv(rmii_crs_dv),
      .rmii_rx_er(rmii_rx_er),
      .mdc(mdc),
      .mdio_o(mdio_o),
      .mdio_oe(mdio_oe),
      .mdio_i(mdio_i),
      .clk_mii(clk_mii),
      .observe_waiting(observe_waiting),
      .observe_start(observe_start),
      .observe_collision(observe_collision),
      .observe_jam(observe_jam),
      .observe_end(observe_end),
      .observe_collided(observe_collided),
      .observe_draw(observe_draw),
      .observe_slots(observe_slots),
      .observe_attempt(observe_attempt),
      .observe_deferring(),
      .observe_reset(observe_reset)
  );
  /* verilator lint_on PINCONNECTEMPTY */
endmodule
