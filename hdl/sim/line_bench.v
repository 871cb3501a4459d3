`default_nettype none
`timescale 1ns/1ps
// The bench of one LAN adapter with a 10BASE-T PHY of its own, whose partner on the two pairs is a twin outside.
//
// It is driven through the same names as tbase_bench (`settings`, `stations[0].station.master`, `recorder`), and by orders to
// `player`, the partner's transmitter; `listener` hears for its receiver. `attention`: bit 0 acknowledge, 1 interrupt, 2 the
// pair to the partner is not idle. position_bits is the distance; the PHY's clock is 100 ppm fast. JITTER_PS is that of the
// pair from the partner.
module line_bench #(
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4,
    parameter TICK_CLOCKS = 3000,
    parameter EIGHTH_CLOCKS = 24,
    parameter HAS_AUTONEG = 0,
    parameter JITTER_PS = 0
) (
    output wire [2:0] attention  /*verilator public_flat_rd*/
);
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam FAST_FS = 8_332_500;  // half a period of 60 MHz, 100 ppm fast

  wire clk_bus, clk_line;
  wire power, link, irq, acknowledge;
  wire tx_en, td_p, td_n, partner_p, partner_n, busy;
  wire [255:0] rom_image;
  wire [15:0] position_bits;
  wire [31:0] record_file;
  wire record_finishes;

  assign attention = {busy, irq, acknowledge};

  line_player_model player (
      .td_p(partner_p),
      .td_n(partner_n)
  );

  // The MII is the business of the PHYs here, and so are its settings.
  /* verilator lint_off PINCONNECTEMPTY */
  settings_model #(
      .STATIONS(1)
  ) settings (
      .positions_bits(position_bits),
      .phases_ns(),
      .rom_images(rom_image),
      .powers(power),
      .links(link),
      .bit_ns(),
      .nibble_ns(),
      .is_full_duplex(),
      .sqe_test(),
      .seed()
  );
  /* verilator lint_on PINCONNECTEMPTY */

  bus_clock_model #(
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) bus_clock (
      .clk_bus(clk_bus)
  );

  recorder_model #(
      .STATIONS(1)
  ) recorder (
      .tx_en(tx_en),
      .file(record_file),
      .finishes(record_finishes)
  );

  line_listener_model listener (
      .clk(clk_line),
      .td_p(td_p),
      .td_n(td_n),
      .busy(busy)
  );

  // A loop of one, so that its names are those of the other benches.
  genvar i;
  generate
    for (i = 0; i < 1; i = i + 1) begin : stations
      station_10baset_model #(
          .STATION(i),
          .HALF_FS(FAST_FS),
          .JITTER_PS(JITTER_PS),
          .BUS_HZ(BUS_HZ),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS),
          .TICK_CLOCKS(TICK_CLOCKS),
          .EIGHTH_CLOCKS(EIGHTH_CLOCKS),
          .HAS_AUTONEG(HAS_AUTONEG)
      ) station (
          .clk_bus(clk_bus),
          .power(power),
          .link(link),
          .rom_image(rom_image),
          .distance_bits(position_bits),
          .irq(irq),
          .acknowledge(acknowledge),
          .clk_line(clk_line),
          .td_p(td_p),
          .td_n(td_n),
          .far_p(partner_p),
          .far_n(partner_n),
          .file(record_file),
          .finish(record_finishes),
          .tx_en(tx_en)
      );
    end
  endgenerate
endmodule
