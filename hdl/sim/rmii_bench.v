`default_nettype none
`timescale 1ns/1ps
// The bench of adapters on an RMII and adapters on an MII, side by side on one segment.
//
// As segment_bench, and driven through the same names (`settings`, `station[i].master`, `attention`), but without a
// recorder. Bit i of RMII_STATIONS puts station i behind rmii_shim, an RMII and a PHY with its own REF_CLK.
module rmii_bench #(
    parameter STATIONS = 2,
    parameter [STATIONS-1:0] RMII_STATIONS = 1,
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
  wire [STATIONS-1:0] medium_rx_dv, medium_crs, medium_col;
  wire [4*STATIONS-1:0] txd, rxd;
  wire [256*STATIONS-1:0] rom_image;
  wire [16*STATIONS-1:0] position_bits, phase_ns;
  wire [7:0] bit_ns;
  wire [15:0] nibble_ns;
  wire full_duplex, sqe_test;
  wire [31:0] garbage_seed;

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
      .rx_dv(medium_rx_dv),
      .rxd(rxd),
      .crs(medium_crs),
      .col(medium_col),
      .position_bits(position_bits),
      .bit_ns(bit_ns),
      .full_duplex(full_duplex),
      .sqe_test(sqe_test),
      .garbage_seed(garbage_seed)
  );

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : station
      wire rst, ready, rx_dv, crs, col;
      wire stb, we, ack, err, adapter_ack, adapter_err, adapter_irq, adapter_tx_en, pin_tx_en;
      wire mdc, mdio_o, mdio_oe, mdio_i;
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
          .tx_en(pin_tx_en),
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

      mdio_phy_model management (
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i)
      );

      // Nothing looks at the observation outputs: here an adapter is judged by what arrives.
      /* verilator lint_off PINCONNECTEMPTY */
      if (RMII_STATIONS[i]) begin : on_rmii
          wire clk_ref, crs_dv, rx_er;
          wire [1:0] rmii_txd, rmii_rxd;

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
              .rom_image(rom_image[256*i+:256]),
              .phy_link(link[i]),
              .clk_ref(clk_ref),
              .rmii_txd(rmii_txd),
              .rmii_tx_en(adapter_tx_en),
              .rmii_rxd(rmii_rxd),
              .rmii_crs_dv(crs_dv),
              .rmii_rx_er(rx_er),
              .mdc(mdc),
              .mdio_o(mdio_o),
              .mdio_oe(mdio_oe),
              .mdio_i(mdio_i),
              .clk_mii(),
              .observe_waiting(),
              .observe_start(),
              .observe_collision(),
              .observe_jam(),
              .observe_end(),
              .observe_collided(),
              .observe_draw(),
              .observe_slots(),
              .observe_attempt(),
              .observe_deferring(),
              .observe_reset()
          );

          rmii_phy_model phy (
              .clk(clk_mii[i]),
              .tx_en(tx_en[i]),
              .txd(txd[4*i+:4]),
              .rx_dv(rx_dv),
              .rxd(rxd[4*i+:4]),
              .medium_crs(crs),
              .medium_col(col),
              .full_duplex(full_duplex),
              .nibble_ns(nibble_ns),
              .phase_ns(phase_ns[16*i+:16]),
              .clk_ref(clk_ref),
              .rmii_txd(rmii_txd),
              .rmii_tx_en(pin_tx_en),
              .rmii_rxd(rmii_rxd),
              .rmii_crs_dv(crs_dv),
              .rmii_rx_er(rx_er)
          );
      end else begin : on_mii
          assign tx_en[i] = pin_tx_en;

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
              .mdc(mdc),
              .mdio_o(mdio_o),
              .mdio_oe(mdio_oe),
              .mdio_i(mdio_i),
              .speed100(),
              .observe_waiting(),
              .observe_start(),
              .observe_collision(),
              .observe_jam(),
              .observe_end(),
              .observe_collided(),
              .observe_draw(),
              .observe_slots(),
              .observe_attempt(),
              .observe_deferring(),
              .observe_reset()
          );
      end
      /* verilator lint_on PINCONNECTEMPTY */
    end
  endgenerate
endmodule
