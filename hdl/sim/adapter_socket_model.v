`default_nettype none
`timescale 1ns/1ps
// The socket of a station: what is in here is the adapter under test. This one holds nic_mii; for another device a module of
// this name and with these ports is written in its place (rig.regress.device.socket, docs/devices.md).
//
// Ports: bus, MII, management of the PHY and observation are those of nic_mii. request_octets, request_pad and request_fcs
// say what its MAC is asked to send, for attempt_record_model. With BACK_DOOR = 1, while poke[38] is 1 at a clk_bus edge, the
// management counter of index poke[37:32] takes the value poke[31:0].
//
// Parameters. DEVICE: which adapter, of those that are in the socket; here there is one, number 0. The others are what the
// bench tells the adapter: its buffer memory in pages, the frequency of clk_bus, its transmit slots.
module adapter_socket_model #(
    parameter DEVICE = 0,
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
    // MII
    input  wire         clk_tx,
    output wire [  3:0] mii_txd,
    output wire         mii_tx_en,
    output wire         mii_tx_er,
    input  wire         clk_rx,
    input  wire [  3:0] mii_rxd,
    input  wire         mii_rx_dv,
    input  wire         mii_rx_er,
    input  wire         mii_crs,
    input  wire         mii_col,
    // management of the PHY
    output wire         mdc,
    output wire         mdio_o,
    output wire         mdio_oe,
    input  wire         mdio_i,
    // observation of the transmit MAC
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
  assign request_octets = device.request_octets;
  assign request_pad = device.request_pad;
  assign request_fcs = device.request_fcs;

  generate
    if (DEVICE != 0) begin : range_check
      PARAMETER_DEVICE_OUT_OF_RANGE invalid ();
    end

    if (BACK_DOOR) begin : back_door
      counter_door_model door (
          .clk_bus(clk_bus),
          .poke(poke)
      );
    end else begin : no_back_door
      wire unused_poke = &{1'b0, poke};
    end
  endgenerate

  // Nothing looks at the outputs that are open.
  /* verilator lint_off PINCONNECTEMPTY */
  nic_mii #(
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
      .clk_tx(clk_tx),
      .mii_txd(mii_txd),
      .mii_tx_en(mii_tx_en),
      .mii_tx_er(mii_tx_er),
      .clk_rx(clk_rx),
      .mii_rxd(mii_rxd),
      .mii_rx_dv(mii_rx_dv),
      .mii_rx_er(mii_rx_er),
      .mii_crs(mii_crs),
      .mii_col(mii_col),
      .mdc(mdc),
      .mdio_o(mdio_o),
      .mdio_oe(mdio_oe),
      .mdio_i(mdio_i),
      .speed100(),
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
