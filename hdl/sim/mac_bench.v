`default_nettype none
`timescale 1ns/1ps
// The bench of one LAN adapter at its pins: a bus master, a PHY that plays a script and one that has registers, and a record.
//
// Laid out for the program outside like segment_bench with one station: `settings`, `station[0].master`, `attention`. Besides,
// `station[0].player` plays what arrives and `station[0].wire_record` records what is sent. `poke` (written by name) is the back
// door to the counters, which nothing could bring to their wrap in the time of a simulation: when bit 38 changes, the
// counter of index bits 37..32 takes the value in bits 31..0 at the next bus edge; use it while nothing counts.
//
// With RMII = 1 the adapter is nic_rmii, and a PHY with an RMII lies between its pins and the medium; `player` and
// `wire_record` are on the medium's side of that.
//
// Parameters: BUS_PERIOD_NS of the clock that there is, BUS_HZ of the clock that the adapter believes to have.
module mac_bench #(
    parameter RMII = 0,
    parameter BUS_PERIOD_NS = 20,
    parameter BUS_HZ = 50_000_000,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [1:0] attention  /*verilator public_flat_rd*/
);
  wire clk_bus, clk_mii;
  wire power, link, irq, acknowledge;
  wire [255:0] rom_image;
  wire [15:0] phase_ns, nibble_ns;
  wire [7:0] bit_ns;

  assign attention = {irq, acknowledge};

  // There is no segment here, so its settings lead nowhere.
  /* verilator lint_off PINCONNECTEMPTY */
  settings_model #(
      .STATIONS(1)
  ) settings (
      .positions_bits(),
      .phases_ns(phase_ns),
      .rom_images(rom_image),
      .powers(power),
      .links(link),
      .bit_ns(bit_ns),
      .nibble_ns(nibble_ns),
      .is_full_duplex(),
      .sqe_test(),
      .seed()
  );
  /* verilator lint_on PINCONNECTEMPTY */

  clocks_model #(
      .STATIONS(1),
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) clocks (
      .clk_bus(clk_bus),
      .clk_mii(clk_mii),
      .nibble_ns(nibble_ns),
      .phase_ns(phase_ns)
  );

  genvar i;
  generate
    for (i = 0; i < 1; i = i + 1) begin : station
      wire rst, ready, poke_now;
      wire stb, we, ack, err, adapter_ack, adapter_err, adapter_irq, adapter_tx_en, pin_tx_en, tx_en, tx_er;
      wire [3:0] sel, txd, rxd;
      wire [14:0] adr;
      wire [31:0] dat_w, dat_r;
      wire rx_dv, rx_er, crs, col, medium_rx_dv, medium_crs, medium_col, full_duplex;
      wire mdc, mdio_o, mdio_oe, mdio_i;
      wire start, collision, ended, mac_reset;
      wire [4:0] attempt;

      power_model supply (
          .clk_bus(clk_bus),
          .power(power),
          .rst(rst),
          .ready(ready),
          .adapter_irq(adapter_irq),
          .adapter_ack(adapter_ack),
          .adapter_err(adapter_err),
          .adapter_tx_en(adapter_tx_en),
          .irq(irq),
          .ack(ack),
          .err(err),
          .tx_en(pin_tx_en),
          .medium_rx_dv(medium_rx_dv),
          .medium_crs(medium_crs),
          .medium_col(medium_col),
          .rx_dv(rx_dv),
          .crs(crs),
          .col(col)
      );

      bus_master_model master (
          .clk_bus(clk_bus),
          .powered(power),
          .ready(ready),
          .acknowledge(acknowledge),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(ack),
          .wb_err(err)
      );

      mii_script_model player (
          .clk(clk_mii),
          .tx_en(tx_en),
          .bit_ns(bit_ns),
          .rx_dv(medium_rx_dv),
          .rx_er(rx_er),
          .rxd(rxd),
          .crs(medium_crs),
          .col(medium_col),
          .full_duplex(full_duplex)
      );

      mii_transmit_record_model wire_record (
          .clk(clk_mii),
          .tx_en(tx_en),
          .tx_er(tx_er),
          .txd(txd)
      );

      mdio_phy_model phy (
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i)
      );

      reg [38:0] poke  /*verilator public_flat_rw*/;
      reg poked;
      initial begin
        poke = 0;
        poked = 0;
      end
      assign poke_now = poke[38] != poked;
      always @(posedge clk_bus) poked <= poke[38];

      // The other observation outputs lead nowhere: here an adapter is judged by its pins alone.
      /* verilator lint_off PINCONNECTEMPTY */
      if (RMII) begin : on_rmii
          wire clk_ref, rmii_crs_dv, rmii_rx_er;
          wire [1:0] rmii_txd, rmii_rxd;
          wire unused_rx_er = rx_er;  // the PHY model has no bad symbols

          nic_rmii #(
              .BUFFER_PAGES(BUFFER_PAGES),
              .BUS_HZ(BUS_HZ),
              .TX_SLOTS(TX_SLOTS)
          ) adapter (
              .clk_bus(clk_bus),
              .rst(rst),
              .wb_cyc(stb),
              .wb_stb(stb),
              .wb_we(we),
              .wb_sel(sel),
              .wb_adr(adr),
              .wb_dat_w(dat_w),
              .wb_dat_r(dat_r),
              .wb_ack(adapter_ack),
              .wb_err(adapter_err),
              .irq(adapter_irq),
              .rom_image(rom_image),
              .phy_link(link),
              .clk_ref(clk_ref),
              .rmii_txd(rmii_txd),
              .rmii_tx_en(adapter_tx_en),
              .rmii_rxd(rmii_rxd),
              .rmii_crs_dv(rmii_crs_dv),
              .rmii_rx_er(rmii_rx_er),
              .mdc(mdc),
              .mdio_o(mdio_o),
              .mdio_oe(mdio_oe),
              .mdio_i(mdio_i),
              .clk_mii(),
              .observe_waiting(),
              .observe_start(start),
              .observe_collision(collision),
              .observe_jam(),
              .observe_end(ended),
              .observe_collided(),
              .observe_draw(),
              .observe_slots(),
              .observe_attempt(attempt),
              .observe_deferring(),
              .observe_reset(mac_reset)
          );

          rmii_phy_model rmii_phy (
              .clk(clk_mii),
              .tx_en(tx_en),
              .txd(txd),
              .rx_dv(rx_dv),
              .rxd(rxd),
              .medium_crs(crs),
              .medium_col(col),
              .full_duplex(full_duplex),
              .nibble_ns(nibble_ns),
              .phase_ns(phase_ns),
              .clk_ref(clk_ref),
              .rmii_txd(rmii_txd),
              .rmii_tx_en(pin_tx_en),
              .rmii_rxd(rmii_rxd),
              .rmii_crs_dv(rmii_crs_dv),
              .rmii_rx_er(rmii_rx_er)
          );
          assign tx_er = 1'b0;

          attempt_record_model attempts (
              .clk(clk_mii),
              .mac_reset(mac_reset),
              .full_duplex(full_duplex),
              .request_octets(adapter.adapter.request_octets),
              .request_pad(adapter.adapter.request_pad),
              .request_fcs(adapter.adapter.request_fcs),
              .start(start),
              .collision(collision),
              .ended(ended),
              .attempt(attempt)
          );

          always @(posedge clk_bus) if (poke_now) adapter.adapter.host.management_counters.memory[{1'b0, poke[37:32]}] <= poke[31:0];
      end else begin : on_mii
          assign tx_en = pin_tx_en;

          nic_mii #(
              .BUFFER_PAGES(BUFFER_PAGES),
              .BUS_HZ(BUS_HZ),
              .TX_SLOTS(TX_SLOTS)
          ) adapter (
              .clk_bus(clk_bus),
              .rst(rst),
              .wb_cyc(stb),
              .wb_stb(stb),
              .wb_we(we),
              .wb_sel(sel),
              .wb_adr(adr),
              .wb_dat_w(dat_w),
              .wb_dat_r(dat_r),
              .wb_ack(adapter_ack),
              .wb_err(adapter_err),
              .irq(adapter_irq),
              .rom_image(rom_image),
              .phy_link(link),
              .clk_tx(clk_mii),
              .mii_txd(txd),
              .mii_tx_en(adapter_tx_en),
              .mii_tx_er(tx_er),
              .clk_rx(clk_mii),
              .mii_rxd(rxd),
              .mii_rx_dv(rx_dv),
              .mii_rx_er(rx_er),
              .mii_crs(crs),
              .mii_col(col),
              .mdc(mdc),
              .mdio_o(mdio_o),
              .mdio_oe(mdio_oe),
              .mdio_i(mdio_i),
              .speed100(),
              .observe_waiting(),
              .observe_start(start),
              .observe_collision(collision),
              .observe_jam(),
              .observe_end(ended),
              .observe_collided(),
              .observe_draw(),
              .observe_slots(),
              .observe_attempt(attempt),
              .observe_deferring(),
              .observe_reset(mac_reset)
          );

          attempt_record_model attempts (
              .clk(clk_mii),
              .mac_reset(mac_reset),
              .full_duplex(full_duplex),
              .request_octets(adapter.request_octets),
              .request_pad(adapter.request_pad),
              .request_fcs(adapter.request_fcs),
              .start(start),
              .collision(collision),
              .ended(ended),
              .attempt(attempt)
          );

          always @(posedge clk_bus) if (poke_now) adapter.host.management_counters.memory[{1'b0, poke[37:32]}] <= poke[31:0];
      end
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
