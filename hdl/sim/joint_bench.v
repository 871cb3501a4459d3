`default_nettype none
`timescale 1ns/1ps
// The bench of STATIONS LAN adapters in a network of twins: as segment_bench, but what lies beyond their MII is outside.
//
// A program outside drives it as it does segment_bench (`settings`, which are of joint_settings_model, `station[i].master`), gives
// orders to the senders of `joint` (see mii_joint_model), and is woken by one signal, `attention`: bits STATIONS-1..0 are the
// masters' acknowledge, then the interrupt lines, then TX_EN of each station. `recorder` writes down what the stations did;
// of the media it knows only what the stations here send.
module joint_bench #(
    parameter STATIONS = 1,
    parameter PUPPETS = 1,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [3*STATIONS-1:0] attention  /*verilator public_flat_rd*/
);
  localparam SENDERS = STATIONS + PUPPETS;
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam [15:0] NIBBLE_NS_100 = 40, NIBBLE_NS_10 = 400;

  wire clk_bus, unused_clk_mii;
  wire [STATIONS-1:0] clk_mii;
  wire [STATIONS-1:0] power, link, irq, acknowledge, on_air;
  wire [STATIONS-1:0] tx_en;
  wire [STATIONS-1:0] medium_rx_dv, medium_crs, medium_col;
  wire [4*STATIONS-1:0] txd, rxd;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] phase_ns;
  wire [STATIONS-1:0] speed100, full_duplex;
  wire [32*STATIONS*SENDERS-1:0] delays_ns;
  wire [8*STATIONS-1:0] garbage_index;
  wire [31:0] garbage_seed;
  wire [STATIONS-1:0] waiting, start, collision, jam, ended, collided, draw, mac_reset;
  wire [10*STATIONS-1:0] slots;
  wire [ 5*STATIONS-1:0] attempt;

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

  // For the bus clock only: the MII clocks are made below.
  clocks_model #(
      .STATIONS(1),
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) clocks (
      .clk_bus(clk_bus),
      .clk_mii(unused_clk_mii),
      .nibble_ns(NIBBLE_NS_10),
      .phase_ns(16'd0)
  );

  mii_joint_model #(
      .STATIONS(STATIONS),
      .PUPPETS(PUPPETS)
  ) joint (
      .clk(clk_mii),
      .tx_en(tx_en),
      .txd(txd),
      .rx_dv(medium_rx_dv),
      .rxd(rxd),
      .crs(medium_crs),
      .col(medium_col),
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
      .power(power),
      .irq(irq),
      .clk(clk_mii),
      .tx_en(tx_en),
      .txd(txd),
      .rx_dv(medium_rx_dv),
      .mac_reset(mac_reset),
      .waiting(waiting),
      .start(start),
      .collision(collision),
      .jam(jam),
      .ended(ended),
      .collided(collided),
      .draw(draw),
      .slots(slots),
      .attempt(attempt)
  );

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : station
      mii_clock_model #(
          .BUS_PERIOD_NS(BUS_PERIOD_NS)
      ) clock (
          .clk(clk_mii[i]),
          .nibble_ns(speed100[i] ? NIBBLE_NS_100 : NIBBLE_NS_10),
          .phase_ns(phase_ns[16*i+:16])
      );

      wire rst, ready, rx_dv, crs, col;
      wire stb, we, ack, err, adapter_ack, adapter_err, adapter_irq, adapter_tx_en;
      wire [3:0] sel;
      wire [14:0] adr;
      wire [31:0] dat_w, dat_r;

      power_model supply (
          .clk_bus(clk_bus),
          .power(power[i]),
          .rst(rst),
          .ready(ready),
          .adapter_irq(adapter_irq),
          .adapter_ack(adapter_ack),
          .adapter_err(adapter_err),
          .adapter_tx_en(adapter_tx_en),
          .irq(irq[i]),
          .ack(ack),
          .err(err),
          .tx_en(tx_en[i]),
          .medium_rx_dv(medium_rx_dv[i]),
          .medium_crs(medium_crs[i]),
          .medium_col(medium_col[i]),
          .rx_dv(rx_dv),
          .crs(crs),
          .col(col)
      );

      bus_master_model master (
          .clk_bus(clk_bus),
          .powered(power[i]),
          .ready(ready),
          .acknowledge(acknowledge[i]),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(ack),
          .wb_err(err)
      );

      // The PHY of the bench has no registers, and nothing looks at these outputs.
      /* verilator lint_off PINCONNECTEMPTY */
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
          .rom_image(rom_image[256*i+:256]),
          .phy_link(link[i]),
          .clk_tx(clk_mii[i]),
          .mii_txd(txd[4*i+:4]),
          .mii_tx_en(adapter_tx_en),
          .mii_tx_er(),
          .clk_rx(clk_mii[i]),
          .mii_rxd(rxd[4*i+:4]),
          .mii_rx_dv(rx_dv),
          .mii_rx_er(1'b0),
          .mii_crs(crs),
          .mii_col(col),
          .mdc(),
          .mdio_o(),
          .mdio_oe(),
          .mdio_i(1'b1),
          .speed100(),
          .observe_waiting(waiting[i]),
          .observe_start(start[i]),
          .observe_collision(collision[i]),
          .observe_jam(jam[i]),
          .observe_end(ended[i]),
          .observe_collided(collided[i]),
          .observe_draw(draw[i]),
          .observe_slots(slots[10*i+:10]),
          .observe_attempt(attempt[5*i+:5]),
          .observe_deferring(),
          .observe_reset(mac_reset[i])
      );
      /* verilator lint_on PINCONNECTEMPTY */

      attempt_record_model attempts (
          .clk(clk_mii[i]),
          .mac_reset(mac_reset[i]),
          .full_duplex(full_duplex[i]),
          .request_octets(adapter.request_octets),
          .request_pad(adapter.request_pad),
          .request_fcs(adapter.request_fcs),
          .start(start[i]),
          .collision(collision[i]),
          .ended(ended[i]),
          .attempt(attempt[5*i+:5])
      );
    end
  endgenerate
endmodule
