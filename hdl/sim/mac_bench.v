`default_nettype none
`timescale 1ns/1ps
// The bench of one LAN adapter at its pins: a bus master, a PHY that plays a script and one that has registers, and a record.
//
// Laid out for the program outside like segment_bench with one station: `settings`, `stations[0].station.master`,
// `attention`. Besides, `stations[0].player` plays what arrives and `stations[0].wire_record` records what is sent. `poke`
// (written by name) is the back door to the counters, which nothing could bring to their wrap in the time of a simulation:
// when bit 38 changes, the counter of index bits 37..32 takes the value in bits 31..0 at the next bus edge; use it while
// nothing counts. With BACK_DOOR = 0, for an adapter that has none, it does nothing.
//
// With RMII = 1, `player` and `wire_record` are on the medium's side of the PHY; see station_model.
//
// Parameters: BUS_PERIOD_NS of the clock that there is, BUS_HZ of the clock that the adapter believes to have.
module mac_bench #(
    parameter RMII = 0,
    parameter BACK_DOOR = 1,
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
    for (i = 0; i < 1; i = i + 1) begin : stations
      wire tx_en, tx_er, rx_dv, rx_er, crs, col, full_duplex, poke_now;
      wire [3:0] txd, rxd;

      // Here an adapter is judged by its pins alone.
      /* verilator lint_off PINCONNECTEMPTY */
      station_model #(
          .RMII(RMII),
          .PHY_REGISTERS(1),
          .BACK_DOOR(BACK_DOOR),
          .BUS_HZ(BUS_HZ),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS)
      ) station (
          .clk_bus(clk_bus),
          .power(power),
          .link(link),
          .rom_image(rom_image),
          .full_duplex(full_duplex),
          .nibble_ns(nibble_ns),
          .phase_ns(phase_ns),
          .irq(irq),
          .acknowledge(acknowledge),
          .clk_mii(clk_mii),
          .tx_en(tx_en),
          .tx_er(tx_er),
          .txd(txd),
          .rx_dv(rx_dv),
          .rx_er(rx_er),
          .rxd(rxd),
          .crs(crs),
          .col(col),
          .poke({poke_now, poke[37:0]}),
          .file(32'd0),
          .finish(1'b0),
          .observe_end(),
          .observe_collided(),
          .observe_reset()
      );
      /* verilator lint_on PINCONNECTEMPTY */

      mii_script_model player (
          .clk(clk_mii),
          .tx_en(tx_en),
          .bit_ns(bit_ns),
          .rx_dv(rx_dv),
          .rx_er(rx_er),
          .rxd(rxd),
          .crs(crs),
          .col(col),
          .full_duplex(full_duplex)
      );

      mii_transmit_record_model wire_record (
          .clk(clk_mii),
          .tx_en(tx_en),
          .tx_er(tx_er),
          .txd(txd)
      );

      reg [38:0] poke  /*verilator public_flat_rw*/;
      reg poked;
      initial begin
        poke = 0;
        poked = 0;
      end
      assign poke_now = poke[38] != poked;
      always @(posedge clk_bus) poked <= poke[38];
    end
  endgenerate
endmodule
