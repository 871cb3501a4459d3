`default_nettype none
`timescale 1ns/1ps
// One station with a 10BASE-T PHY of its own, as station_model is one with an MII: adapter and PHY, the pair to its receiver,
// a bus master and a power supply in place of its host, and its records.
//
// Ports: `irq` and `acknowledge` are for the program outside, which drives `master`. td_p and td_n come from the transmitter,
// far_p and far_n from that of the partner; what the partner sends is there distance_bits bit times later, and while `link`
// is 0 not at all. distance_bits is sampled 0.1 ns after the start of the simulation. clk_line is the PHY's clock of
// 60 MHz. `file` and `finish` come from recorder_model, for the events of station STATION. They are those of the MII between
// adapter and PHY; "receive" is RX_DV there, sampled by TX_CLK.
// HALF_FS is half a period of clk_line; JITTER_PS is how far each edge that arrives may be off.
module station_10baset_model #(
    parameter STATION = 0,
    parameter HALF_FS = 8_333_333,
    parameter JITTER_PS = 0,
    parameter BUS_HZ = 50_000_000,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4,
    parameter TICK_CLOCKS = 3000,
    parameter EIGHTH_CLOCKS = 24,
    parameter HAS_AUTONEG = 0
) (
    input  wire         clk_bus,
    // settings
    input  wire         power,
    input  wire         link,
    input  wire [255:0] rom_image,
    input  wire [ 15:0] distance_bits,
    // to the program outside
    output wire         irq,
    output wire         acknowledge,
    // line
    output wire         clk_line,
    output wire         td_p,
    output wire         td_n,
    input  wire         far_p,
    input  wire         far_n,
    // recorder
    input  wire [ 31:0] file,
    input  wire         finish,
    output wire         tx_en
);
  localparam BIT_PS = 100_000;
  localparam LEAST_DELAY_PS = 50_000;  // more than any jitter
  localparam real SETTLED_NS = 0.1;

  wire rst, ready, stb, we, ack, err;
  wire [3:0] sel;
  wire [14:0] adr;
  wire [31:0] dat_w, dat_r;
  wire adapter_ack, adapter_err, adapter_irq, adapter_tx_en;
  wire [1:0] rd_high, rd_low;
  wire clk_mii, rx_dv;
  wire [3:0] txd;
  wire waiting, start, collision, jam, ended, collided, draw, mac_reset;
  wire [9:0] slots;
  wire [4:0] attempt;

  // Nothing here looks at the outputs that are open: what arrives at the PHY comes over the pair.
  /* verilator lint_off PINCONNECTEMPTY */
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
      .tx_en(tx_en),
      .medium_rx_dv(1'b0),
      .medium_crs(1'b0),
      .medium_col(1'b0),
      .rx_dv(),
      .crs(),
      .col()
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

  ppm_clock_model #(
      .HALF_FS(HALF_FS)
  ) line_clock (
      .clk(clk_line)
  );

  twisted_pair_model #(
      .JITTER_PS(JITTER_PS),
      .SEED(STATION + 1)
  ) pair (
      .td_p(far_p),
      .td_n(far_n),
      .clk(clk_line),
      .rd_high(rd_high),
      .rd_low(rd_low)
  );
  initial #(SETTLED_NS) pair.delay_ps = LEAST_DELAY_PS + BIT_PS * {16'b0, distance_bits};
  always @(link) pair.is_cut = !link;

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
      .rom_image(rom_image),
      .clk_line(clk_line),
      .td_p(td_p),
      .td_n(td_n),
      .rd_high(rd_high),
      .rd_low(rd_low),
      .link(),
      .observe_clk(clk_mii),
      .observe_txd(txd),
      .observe_tx_en(adapter_tx_en),
      .observe_rx_dv(rx_dv),
      .observe_waiting(waiting),
      .observe_start(start),
      .observe_collision(collision),
      .observe_jam(jam),
      .observe_end(ended),
      .observe_collided(collided),
      .observe_draw(draw),
      .observe_slots(slots),
      .observe_attempt(attempt),
      .observe_deferring(),
      .observe_reset(mac_reset)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  station_recorder_model #(
      .STATION(STATION)
  ) recorder (
      .file(file),
      .finish(finish),
      .power(power),
      .irq(irq),
      .clk(clk_mii),
      .tx_en(tx_en),
      .txd(txd),
      .rx_dv(rx_dv),
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
endmodule
