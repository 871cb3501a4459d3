`default_nettype none
`timescale 1ns/1ps
// The bench of N boards as board_bench, but of the top of a ULX3S at its pins: oscillator, PLL, reset, pads and all.
//
// Board i has the ROM image at [256*i +: 256]. What settings says of ROM images and power is not used, and a line is not cut.
module top_bench #(
    parameter BOARDS = 2,
    parameter BAUD = 3_000_000,
    parameter [127:0] BOARD_ID = 128'd0,
    parameter [63:0] BUILD_HASH = 64'd0,
    parameter [256*BOARDS-1:0] ROM_IMAGES = 0
) (
    output wire [2*BOARDS-1:0] attention  /*verilator public_flat_rd*/,
    output wire [8*BOARDS-1:0] leds  /*verilator public_flat_rd*/,
    output wire [  BOARDS-1:0] wifi_en  /*verilator public_flat_rd*/
);
  reg [BOARDS-1:0] buttons  /*verilator public_flat_rw*/;
  reg clk_25mhz;
  wire [BOARDS-1:0] clk_mii, arrived, drained;
  wire [BOARDS-1:0] tx_en, rx_dv, crs, col;
  wire [4*BOARDS-1:0] txd, rxd;
  wire [16*BOARDS-1:0] position_bits, phase_ns;
  wire [7:0] bit_ns;
  wire [15:0] nibble_ns;
  wire full_duplex, sqe_test;
  wire [31:0] garbage_seed;

  initial begin
    buttons   = 0;
    clk_25mhz = 0;
    forever #20 clk_25mhz = !clk_25mhz;
  end
  assign attention = {drained, arrived};

  // Links and power are not the board's to know, and the PLL makes its bus clock.
  /* verilator lint_off PINCONNECTEMPTY */
  settings_model #(
      .STATIONS(BOARDS)
  ) settings (
      .positions_bits(position_bits),
      .phases_ns(phase_ns),
      .rom_images(),
      .powers(),
      .links(),
      .bit_ns(bit_ns),
      .nibble_ns(nibble_ns),
      .is_full_duplex(full_duplex),
      .sqe_test(sqe_test),
      .seed(garbage_seed)
  );
  clocks_model #(
      .STATIONS(BOARDS)
  ) clocks (
      .clk_bus(),
      .clk_mii(clk_mii),
      .nibble_ns(nibble_ns),
      .phase_ns(phase_ns)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  mii_segment_model #(
      .STATIONS(BOARDS)
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

  genvar i;
  generate
    for (i = 0; i < BOARDS; i = i + 1) begin : board
      wire serial_rxd, serial_txd, clk_ref, crs_dv, rx_er, pin_tx_en, mdc, from_phy;
      wire [1:0] rmii_txd, rmii_rxd;
      wire mdio;
      wire is_driven = !top.mdio_pad.T;

      // The line of MDIO has its pull-up in the model of the PHY.
      assign mdio = is_driven ? 1'bz : from_phy;

      ulx3s_lan8720 #(
          .BAUD(BAUD),
          .BOARD_ID(BOARD_ID),
          .BUILD_HASH(BUILD_HASH),
          .ROM_IMAGE(ROM_IMAGES[256*i+:256])
      ) top (
          .clk_25mhz(clk_25mhz),
          .button_fire1(buttons[i]),
          .led(leds[8*i+:8]),
          .wifi_en(wifi_en[i]),
          .ftdi_txd(serial_rxd),
          .ftdi_rxd(serial_txd),
          .rmii_ref_clk(clk_ref),
          .rmii_txd(rmii_txd),
          .rmii_tx_en(pin_tx_en),
          .rmii_rxd(rmii_rxd),
          .rmii_crs_dv(crs_dv),
          .phy_mdc(mdc),
          .phy_mdio(mdio)
      );

      serial_port_model #(
          .BAUD(BAUD)
      ) port (
          .rxd(serial_rxd),
          .txd(serial_txd),
          .cut(1'b0),
          .arrived(arrived[i]),
          .drained(drained[i])
      );

      mdio_phy_model management (
          .mdc(mdc),
          .mdio_o(mdio),
          .mdio_oe(is_driven),
          .mdio_i(from_phy)
      );

      rmii_phy_model phy (
          .clk(clk_mii[i]),
          .tx_en(tx_en[i]),
          .txd(txd[4*i+:4]),
          .rx_dv(rx_dv[i]),
          .rxd(rxd[4*i+:4]),
          .medium_crs(crs[i]),
          .medium_col(col[i]),
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
    end
  endgenerate
endmodule
