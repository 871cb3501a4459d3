`default_nettype none
`timescale 1ns/1ps
// The bench of two LAN adapters with 10BASE-T PHYs of their own, on two pairs, as segment_bench is on a segment.
//
// It is driven through the same names (`settings`, `stations[i].station.master`, `recorder`, `attention`). The distance of the
// two positions is the delay of each pair; speed and phases of the settings mean nothing here: the PHYs make the MII clocks
// from 60 MHz, 100 ppm fast at station 0 and slow at station 1. JITTER_PS is how far each edge of a line may be off.
module tbase_bench #(
    parameter STATIONS = 2,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4,
    parameter TICK_CLOCKS = 3000,
    parameter EIGHTH_CLOCKS = 24,
    parameter HAS_AUTONEG = 0,
    parameter JITTER_PS = 0
) (
    output wire [2*STATIONS-1:0] attention  /*verilator public_flat_rd*/
);
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam FAST_FS = 8_332_500;  // half a period of 60 MHz, 100 ppm fast, and slow
  localparam SLOW_FS = 8_334_167;

  wire clk_bus;
  wire [STATIONS-1:0] power, link, irq, acknowledge;
  wire [STATIONS-1:0] tx_en, td_p, td_n;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] position_bits;
  wire [31:0] record_file;
  wire record_finishes;

  wire [15:0] distance_bits = position_bits[31:16] > position_bits[15:0] ? position_bits[31:16] - position_bits[15:0]
                                                                         : position_bits[15:0] - position_bits[31:16];

  assign attention = {irq, acknowledge};

  // The MII is the business of the PHYs here, and so are its settings.
  /* verilator lint_off PINCONNECTEMPTY */
  settings_model #(
      .STATIONS(STATIONS)
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
      .STATIONS(STATIONS)
  ) recorder (
      .tx_en(tx_en),
      .file(record_file),
      .finishes(record_finishes)
  );

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : stations
      // Nothing else runs on the clock of the PHY.
      /* verilator lint_off PINCONNECTEMPTY */
      station_10baset_model #(
          .STATION(i),
          .HALF_FS(i == 0 ? FAST_FS : SLOW_FS),
          .JITTER_PS(JITTER_PS),
          .BUS_HZ(BUS_HZ),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS),
          .TICK_CLOCKS(TICK_CLOCKS),
          .EIGHTH_CLOCKS(EIGHTH_CLOCKS),
          .HAS_AUTONEG(HAS_AUTONEG)
      ) station (
          .clk_bus(clk_bus),
          .power(power[i]),
          .link(link[i]),
          .rom_image(rom_image[256*i+:256]),
          .distance_bits(distance_bits),
          .irq(irq[i]),
          .acknowledge(acknowledge[i]),
          .clk_line(),
          .td_p(td_p[i]),
          .td_n(td_n[i]),
          .far_p(td_p[1-i]),
          .far_n(td_n[1-i]),
          .file(record_file),
          .finish(record_finishes),
          .tx_en(tx_en[i])
      );
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
