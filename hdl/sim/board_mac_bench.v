`default_nettype none
`timescale 1ns/1ps
// The bench of a board whose adapter has an MII: mac_bench with a serial line, and the far end of the board link, in place of the bus.
//
// What mac_bench has in `station[0]` is in `board[0]` here: `player`, `wire_record` and `poke`. A program outside talks to
// `board[0].port`. `attention`: bit 0 changes when octets have arrived, bit 1 when the queue to the board has run down. `cut` breaks the
// serial line.
//
// Parameters: BAUD of the line; BUS_PERIOD_NS of the clock.
module board_mac_bench #(
    parameter BAUD = 3_000_000,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [1:0] attention  /*verilator public_flat_rd*/
);
`include "nic_regmap.vh"
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  localparam [31:0] CLOCK = BUS_HZ;
  localparam [31:0] RATE = BAUD;
  localparam [31:0] TIME_SCALE = 32'd1;
  localparam [127:0] BOARD_ID = "hcneb cam draob";  // "board mac bench", first octet lowest
  // Version 1, a window of 8, payloads of up to 2036 octets, 4096 octets for requests and for replies.
  localparam [383:0] GREETING = {
    BOARD_ID, 64'd0, MAP_HASH, TIME_SCALE, RATE, CLOCK, 16'd4096, 16'd4096, 16'd2036, 8'd8, 8'd1
  };

  wire clk_bus, clk_mii, arrived, drained;
  wire power, link;
  wire [255:0] rom_image;
  wire [15:0] phase_ns, nibble_ns;
  wire [7:0] bit_ns;

  reg cut  /*verilator public_flat_rw*/;
  initial cut = 0;

  assign attention = {drained, arrived};

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
    for (i = 0; i < 1; i = i + 1) begin : board
      wire rst, adapter_rst, poke_now, serial_rxd, serial_txd;
      wire stb, we, ack, err, adapter_ack, adapter_err, irq, adapter_irq, adapter_tx_en, tx_en, tx_er;
      wire [3:0] sel, txd, rxd;
      wire [14:0] adr;
      wire [31:0] dat_w, dat_r;
      wire rx_dv, rx_er, crs, col, medium_rx_dv, medium_crs, medium_col, full_duplex;
      wire mdc, mdio_o, mdio_oe, mdio_i;
      wire start, collision, ended, mac_reset;
      wire [4:0] attempt;

      /* verilator lint_off PINCONNECTEMPTY */  // nothing looks at LEDs and RTS, or asks when the supply is ready
      power_model supply (
          .clk_bus(clk_bus),
          .power(power),
          .rst(rst),
          .ready(),
          .adapter_irq(adapter_irq),
          .adapter_ack(adapter_ack),
          .adapter_err(adapter_err),
          .adapter_tx_en(adapter_tx_en),
          .irq(irq),
          .ack(ack),
          .err(err),
          .tx_en(tx_en),
          .medium_rx_dv(medium_rx_dv),
          .medium_crs(medium_crs),
          .medium_col(medium_col),
          .rx_dv(rx_dv),
          .crs(crs),
          .col(col)
      );

      serial_port_model #(
          .BAUD(BAUD)
      ) port (
          .rxd(serial_rxd),
          .txd(serial_txd),
          .cut(cut || !power),
          .arrived(arrived),
          .drained(drained)
      );

      board_link #(
          .CLK_HZ(BUS_HZ),
          .BAUD(BAUD),
          .GREETING(GREETING)
      ) far_end (
          .clk(clk_bus),
          .rst(rst),
          .rxd(serial_rxd),
          .txd(serial_txd),
          .clear_to_send(1'b1),
          .request_to_send(),
          .wb_stb(stb),
          .wb_we(we),
          .wb_sel(sel),
          .wb_adr(adr),
          .wb_dat_w(dat_w),
          .wb_dat_r(dat_r),
          .wb_ack(ack),
          .wb_err(err),
          .irq(irq),
          .adapter_rst(adapter_rst),
          .has_session(),
          .activity()
      );
      /* verilator lint_on PINCONNECTEMPTY */

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
      nic_mii #(
          .BUFFER_PAGES(BUFFER_PAGES),
          .BUS_HZ(BUS_HZ),
          .TX_SLOTS(TX_SLOTS)
      ) adapter (
          .clk_bus(clk_bus),
          .rst(adapter_rst),
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
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
