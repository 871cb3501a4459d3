`default_nettype none
`timescale 1ns/1ps
// The bench of STATIONS LAN adapters in a network of twins: as segment_bench, but what lies beyond their MII is outside.
//
// A program outside drives it as it does segment_bench (`settings`, which are of joint_settings_model, and
// `stations[i].station.master`), gives orders to the senders of `joint` (see mii_joint_model), and is woken by one signal,
// `attention`: bits STATIONS-1..0 are the masters' acknowledge, then the interrupt lines, then TX_EN of each station.
// Bit i of BOARDS: station i is a board, and a program talks to `stations[i].station.on_line.far_end` in place of its `master`.
// Bits 8i+7..8i of DEVICES: which adapter of the socket station i is (adapter_socket_model).
// `recorder` writes down what the stations did; of the media it knows only what the stations here send.
module joint_bench #(
    parameter STATIONS = 1,
    parameter PUPPETS = 1,
    parameter [63:0] BOARDS = 0,
    parameter [8*STATIONS-1:0] DEVICES = 0,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [3*STATIONS-1:0] attention  /*verilator public_flat_rd*/
);
  localparam SENDERS = STATIONS + PUPPETS;
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam [15:0] NIBBLE_NS_100 = 40, NIBBLE_NS_10 = 400;

  wire clk_bus;
  wire [STATIONS-1:0] clk_mii;
  wire [STATIONS-1:0] power, link, irq, acknowledge, on_air;
  wire [STATIONS-1:0] tx_en;
  wire [STATIONS-1:0] rx_dv, crs, col;
  wire [4*STATIONS-1:0] txd, rxd;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] phase_ns;
  wire [STATIONS-1:0] speed100, full_duplex;
  wire [32*STATIONS*SENDERS-1:0] delays_ns;
  wire [8*STATIONS-1:0] garbage_index;
  wire [31:0] garbage_seed;
  wire [STATIONS-1:0] ended, collided, mac_reset;
  wire [31:0] record_file;
  wire record_finishes;

  assign attention = {on_air, irq, acknowledge};

  joint_settings_model #(
      .STATIONS(STATIONS),
      .SENDERS(SENDERS)
  ) settings (
      .phases_ns(phase_ns),
      .rom_images(rom_image),
      .powers(power),
      .links(link),
      .speeds100(speed100),
      .are_full_duplex(full_duplex),
      .delay_table(delays_ns),
      .indices(garbage_index),
      .seed(garbage_seed)
  );

  bus_clock_model #(
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) bus_clock (
      .clk_bus(clk_bus)
  );

  mii_joint_model #(
      .STATIONS(STATIONS),
      .PUPPETS(PUPPETS)
  ) joint (
      .clk(clk_mii),
      .tx_en(tx_en),
      .txd(txd),
      .rx_dv(rx_dv),
      .rxd(rxd),
      .crs(crs),
      .col(col),
      .on_air(on_air),
      .ended(ended),
      .collided(collided),
      .mac_reset(mac_reset),
      .speed100(speed100),
      .full_duplex(full_duplex),
      .delays_ns(delays_ns),
      .garbage_index(garbage_index),
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
      mii_clock_model #(
          .BUS_PERIOD_NS(BUS_PERIOD_NS)
      ) clock (
          .clk(clk_mii[i]),
          .nibble_ns(speed100[i] ? NIBBLE_NS_100 : NIBBLE_NS_10),
          .phase_ns(phase_ns[16*i+:16])
      );

      // Nothing here looks at TX_ER.
      /* verilator lint_off PINCONNECTEMPTY */
      station_model #(
          .STATION(i),
          .BOARD(BOARDS[i]),
          .DEVICE({24'd0, DEVICES[8*i+:8]}),
          .BUS_HZ(BUS_HZ),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS)
      ) station (
          .clk_bus(clk_bus),
          .power(power[i]),
          .link(link[i]),
          .rom_image(rom_image[256*i+:256]),
          .full_duplex(full_duplex[i]),
          .nibble_ns(16'd0),
          .phase_ns(16'd0),
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
          .observe_end(ended[i]),
          .observe_collided(collided[i]),
          .observe_reset(mac_reset[i])
      );
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
