`default_nettype none
`timescale 1ns/1ps
// The bench of one LAN adapter with a 10BASE-T PHY of its own, whose partner on the two pairs is a twin outside.
//
// It is driven through the same names as tbase_bench (`settings`, `station[0].master`, `recorder`), and by orders to `player`, the
// partner's transmitter; `listener` hears for its receiver. `attention`: bit 0 acknowledge, 1 interrupt, 2 the pair to the
// partner is not idle. position_bits is the distance; the PHY's clock is 100 ppm fast. JITTER_PS is that of the pair from the
// partner.
module line_bench #(
    parameter STATIONS = 1,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4,
    parameter TICK_CLOCKS = 3000,
    parameter EIGHTH_CLOCKS = 24,
    parameter HAS_AUTONEG = 0,
    parameter JITTER_PS = 0
) (
    output wire [3*STATIONS-1:0] attention  /*verilator public_flat_rd*/
);
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam FAST_FS = 8_332_500;  // half a period of 60 MHz, 100 ppm fast
  localparam BIT_PS = 100_000;
  localparam LEAST_DELAY_PS = 50_000;  // more than any jitter

  wire clk_bus;
  wire [STATIONS-1:0] clk_mii, unused_clk_mii;
  wire [STATIONS-1:0] power, link, irq, acknowledge;
  wire [STATIONS-1:0] tx_en;
  wire [STATIONS-1:0] medium_rx_dv, td_p, td_n;
  wire [4*STATIONS-1:0] txd;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] position_bits, phase_ns;
  wire [7:0] unused_bit_ns;
  wire [15:0] nibble_ns;
  wire unused_full_duplex, unused_sqe_test;
  wire [31:0] unused_seed;
  wire [STATIONS-1:0] waiting, start, collision, jam, ended, collided, draw, mac_reset;
  wire [10*STATIONS-1:0] slots;
  wire [ 5*STATIONS-1:0] attempt;

  wire partner_p, partner_n, busy;

  assign attention = {busy, irq, acknowledge};

  line_player_model player (
      .td_p(partner_p),
      .td_n(partner_n)
  );

  settings_model #(
      .STATIONS(STATIONS)
  ) settings (
      .positions_bits(position_bits),
      .phases_ns(phase_ns),
      .rom_images(rom_image),
      .powers(power),
      .links(link),
      .bit_ns(unused_bit_ns),
      .nibble_ns(nibble_ns),
      .is_full_duplex(unused_full_duplex),
      .sqe_test(unused_sqe_test),
      .seed(unused_seed)
  );

  clocks_model #(
      .STATIONS(STATIONS),
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) clocks (
      .clk_bus(clk_bus),
      .clk_mii(unused_clk_mii),
      .nibble_ns(nibble_ns),
      .phase_ns(phase_ns)
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
      wire rst, ready, unused_rx_dv, unused_crs, unused_col;
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
          .medium_crs(1'b0),
          .medium_col(1'b0),
          .rx_dv(unused_rx_dv),
          .crs(unused_crs),
          .col(unused_col)
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

      wire clk_line;
      wire [1:0] rd_high, rd_low;

      ppm_clock_model #(
          .HALF_FS(FAST_FS)
      ) line_clock (
          .clk(clk_line)
      );

      twisted_pair_model #(
          .JITTER_PS(JITTER_PS),
          .SEED(i + 1)
      ) pair (
          .td_p(partner_p),
          .td_n(partner_n),
          .clk(clk_line),
          .rd_high(rd_high),
          .rd_low(rd_low)
      );
      // The settings are there before the first edge of a line. A link that is switched off is a pair that is cut.
      always @(position_bits) pair.delay_ps = LEAST_DELAY_PS + BIT_PS * {16'b0, position_bits[15:0]};
      always @(link) pair.is_cut = !link[i];

      line_listener_model listener (
          .clk(clk_line),
          .td_p(td_p[i]),
          .td_n(td_n[i]),
          .busy(busy)
      );

      // Nothing looks at these outputs.
      /* verilator lint_off PINCONNECTEMPTY */
      nic_10baset #(
          .BUFFER_PAGES(BUFFER_PAGES),
          .BUS_HZ(BUS_HZ),
          .TX_SLOTS(TX_SLOTS),
          .TICK_CLOCKS(TICK_CLOCKS),
          .EIGHTH_CLOCKS(EIGHTH_CLOCKS),
          .HAS_AUTONEG(HAS_AUTONEG)
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
          .clk_line(clk_line),
          .td_p(td_p[i]),
          .td_n(td_n[i]),
          .rd_high(rd_high),
          .rd_low(rd_low),
          .link(),
          .observe_clk(clk_mii[i]),
          .observe_txd(txd[4*i+:4]),
          .observe_tx_en(adapter_tx_en),
          .observe_rx_dv(medium_rx_dv[i]),
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
    end
  endgenerate
endmodule
