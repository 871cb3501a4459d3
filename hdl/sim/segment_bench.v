`default_nettype none
`timescale 1ns/1ps
// The bench: STATIONS LAN adapters, each with a bus master and a power supply, on one segment.
//
// A program outside drives it through registers by name: `settings` before the start, then each station's bus master
// (`stations[i].station.master`), and is woken by one signal, `attention`: bits STATIONS-1..0 are the masters' acknowledge,
// the bits above them the interrupt lines. `recorder` writes down what happened. Everything is exact as docs/adapter.md
// says. No signal of the adapters is driven from outside in any other way.
//
// Bit i of RMII_STATIONS puts station i on an RMII (see station_model); of such a station only collisions are recorded. With
// PHY_REGISTERS = 1 the PHY of every station answers on MDIO. Bits 8i+7..8i of DEVICES: which adapter of the socket station i is.
module segment_bench #(
    parameter STATIONS = 2,
    parameter [STATIONS-1:0] RMII_STATIONS = 0,
    parameter PHY_REGISTERS = 0,
    parameter [8*STATIONS-1:0] DEVICES = 0,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [2*STATIONS-1:0] attention  /*verilator public_flat_rd*/
);
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;

  wire clk_bus;
  wire [STATIONS-1:0] clk_mii;
  wire [STATIONS-1:0] power, link, irq, acknowledge;
  wire [STATIONS-1:0] tx_en;
  wire [STATIONS-1:0] rx_dv, crs, col;
  wire [4*STATIONS-1:0] txd, rxd;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] position_bits, phase_ns;
  wire [7:0] bit_ns;
  wire [15:0] nibble_ns;
  wire full_duplex, sqe_test;
  wire [31:0] garbage_seed;
  wire [31:0] record_file;
  wire record_finishes;

  assign attention = {irq, acknowledge};

  settings_model #(
      .STATIONS(STATIONS)
  ) settings (
      .positions_bits(position_bits),
      .phases_ns(phase_ns),
      .rom_images(rom_image),
      .powers(power),
      .links(link),
      .bit_ns(bit_ns),
      .nibble_ns(nibble_ns),
      .is_full_duplex(full_duplex),
      .sqe_test(sqe_test),
      .seed(garbage_seed)
  );

  clocks_model #(
      .STATIONS(STATIONS),
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) clocks (
      .clk_bus(clk_bus),
      .clk_mii(clk_mii),
      .nibble_ns(nibble_ns),
      .phase_ns(phase_ns)
  );

  mii_segment_model #(
      .STATIONS(STATIONS)
  ) segment (
      .clk(clk_mii),
      .tx_en(tx_en),
      .txd(txd),
      .rx_dv(rx_dv),
      .rxd(rxd),
      .crs(crs),
      .col(col),
      .position_bits(position_bits),
      .bit_ns(bit_ns),
      .full_duplex(full_duplex),
      .sqe_test(sqe_test),
      .garbage_seed(garbage_seed)
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
      // Nothing here looks at the outputs that are open.
      /* verilator lint_off PINCONNECTEMPTY */
      station_model #(
          .STATION(i),
          .RMII(RMII_STATIONS[i]),
          .PHY_REGISTERS(PHY_REGISTERS),
          .DEVICE({24'd0, DEVICES[8*i+:8]}),
          .BUS_HZ(BUS_HZ),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS)
      ) station (
          .clk_bus(clk_bus),
          .power(power[i]),
          .link(link[i]),
          .rom_image(rom_image[256*i+:256]),
          .full_duplex(full_duplex),
          .nibble_ns(nibble_ns),
          .phase_ns(phase_ns[16*i+:16]),
          .irq(irq[i]),
          .acknowledge(acknowledge[i]),
          .clk_mii(clk_mii[i]),
          .tx_en(tx_en[i]),
          .tx_er(),
          .txd(txd[4*i+:4]),
          .rx_dv(rx_dv[i]),
          .rx_er(1'b0),
          .rxd(rxd[4*i+:4]),
          .crs(crs[i]),
          .col(col[i]),
          .poke(39'd0),
          .file(record_file),
          .finish(record_finishes),
          .observe_end(),
          .observe_collided(),
          .observe_reset()
      );
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
