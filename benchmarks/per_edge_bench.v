`default_nettype none
`timescale 1ns/1ps
// One adapter with its pins in reach of a program outside: the bench that benchmarks/rtl_frames.py compares ours with.
//
// Ports: none; the inputs of the adapter are registers of the same name, written from outside, and its outputs wires. The
// clocks are made here, 50 MHz and 25 MHz, which is faster than to make them outside; clk_mii drives both directions.
module per_edge_bench;
  localparam HALF_BUS_NS = 10;
  localparam HALF_MII_NS = 20;
  localparam MII_OFFSET_NS = 5;

  reg clk_bus  /*verilator public_flat_rw*/;
  reg clk_mii  /*verilator public_flat_rw*/;
  reg rst  /*verilator public_flat_rw*/;
  reg wb_stb  /*verilator public_flat_rw*/;
  reg wb_we  /*verilator public_flat_rw*/;
  reg [14:0] wb_adr  /*verilator public_flat_rw*/;
  reg [31:0] wb_dat_w  /*verilator public_flat_rw*/;
  wire [31:0] wb_dat_r  /*verilator public_flat_rd*/;
  wire wb_ack  /*verilator public_flat_rd*/;
  wire wb_err  /*verilator public_flat_rd*/;
  wire irq  /*verilator public_flat_rd*/;
  wire [3:0] mii_txd  /*verilator public_flat_rd*/;
  wire mii_tx_en  /*verilator public_flat_rd*/;
  reg [3:0] mii_rxd  /*verilator public_flat_rw*/;
  reg mii_rx_dv  /*verilator public_flat_rw*/;

  initial begin
    clk_bus = 0;
    rst = 1;
    wb_stb = 0;
    wb_we = 0;
    wb_adr = 0;
    wb_dat_w = 0;
    mii_rxd = 0;
    mii_rx_dv = 0;
    forever #(HALF_BUS_NS) clk_bus = !clk_bus;
  end

  initial begin
    clk_mii = 0;
    #(MII_OFFSET_NS);
    forever #(HALF_MII_NS) clk_mii = !clk_mii;
  end

  // Nothing looks at the other outputs.
  /* verilator lint_off PINCONNECTEMPTY */
  nic_mii adapter (
      .clk_bus(clk_bus),
      .rst(rst),
      .wb_cyc(wb_stb),
      .wb_stb(wb_stb),
      .wb_we(wb_we),
      .wb_sel(4'b1111),
      .wb_adr(wb_adr),
      .wb_dat_w(wb_dat_w),
      .wb_dat_r(wb_dat_r),
      .wb_ack(wb_ack),
      .wb_err(wb_err),
      .irq(irq),
      .speed100(),
      .rom_image(256'b0),
      .phy_link(1'b1),
      .clk_tx(clk_mii),
      .mii_txd(mii_txd),
      .mii_tx_en(mii_tx_en),
      .mii_tx_er(),
      .clk_rx(clk_mii),
      .mii_rxd(mii_rxd),
      .mii_rx_dv(mii_rx_dv),
      .mii_rx_er(1'b0),
      .mii_crs(1'b0),
      .mii_col(1'b0),
      .mdc(),
      .mdio_o(),
      .mdio_oe(),
      .mdio_i(1'b1),
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
  /* verilator lint_on PINCONNECTEMPTY */
endmodule
