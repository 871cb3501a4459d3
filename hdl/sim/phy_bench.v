`default_nettype none
`timescale 1ns/1ps
// The bench of two 10BASE-T PHYs on a link: two pairs, a clock and a source of traffic each, management by MDIO masters.
//
// `attention` changes when something that Python may wait for has happened: an MDIO frame is over, traffic has been sent
// (a frame) or has arrived, a script has ended, a link has changed.
// end[e].mdio_request changes: an access to the PHY's registers by mdio_word (the MDIO register of the adapter's map);
// end[e].mdio_result is that register.
module phy_bench #(
    parameter TICK_CLOCKS = 60,
    parameter EIGHTH_CLOCKS = 469,
    parameter HAS_AUTONEG = 1
) (
    output wire [7:0] attention  /*verilator public_flat_rd*/
);
  localparam CLOCK_HZ = 60_000_000;

  wire [1:0] td_p, td_n;
  wire [23:0] signals;

  phy_recorder_model recorder (.signals(signals));

  genvar e;
  generate
    for (e = 0; e < 2; e = e + 1) begin : port
      wire clk, tx_clk, rx_clk, tx_en, rx_dv, crs, col, link, mdc, mdio_host, mdio_host_oe, mdio_phy, mdio_phy_oe, done;
      wire [3:0] txd, rxd;
      wire [1:0] rd_high, rd_low;
      wire [31:0] mdio_result  /*verilator public_flat_rd*/;
      reg mdio_request  /*verilator public_flat_rw*/;
      reg [31:0] mdio_word  /*verilator public_flat_rw*/;
      reg reset  /*verilator public_flat_rw*/;
      reg requested, rst, done_toggle;

      wire mdio = mdio_host_oe ? mdio_host : mdio_phy_oe ? mdio_phy : 1'b1;
      wire mdio_start = mdio_request != requested;

      initial begin
        mdio_request = 0;
        mdio_word = 0;
        reset = 1;
        requested = 0;
        rst = 1;
        done_toggle = 0;
      end
      always @(posedge clk) begin
        requested <= mdio_request;
        rst <= reset;
        if (done) done_toggle <= !done_toggle;
      end

      ppm_clock_model clocks (.clk(clk));

      twisted_pair_model pair (
          .td_p(td_p[1-e]),
          .td_n(td_n[1-e]),
          .clk(clk),
          .rd_high(rd_high),
          .rd_low(rd_low)
      );

      mii_traffic_model traffic (
          .tx_clk(tx_clk),
          .txd(txd),
          .tx_en(tx_en),
          .rx_clk(rx_clk),
          .rxd(rxd),
          .rx_dv(rx_dv)
      );

      mdio_master #(
          .BUS_HZ(CLOCK_HZ)
      ) manager (
          .clk_bus(clk),
          .rst(rst),
          .write_mdio(mdio_start),
          .write_data(mdio_word),
          .read_data(mdio_result),
          .done(done),
          .mdc(mdc),
          .mdio_o(mdio_host),
          .mdio_oe(mdio_host_oe),
          .mdio_i(mdio)
      );

      phy_10baset #(
          .TICK_CLOCKS(TICK_CLOCKS),
          .EIGHTH_CLOCKS(EIGHTH_CLOCKS),
          .HAS_AUTONEG(HAS_AUTONEG)
      ) phy (
          .clk(clk),
          .rst(rst),
          .tx_clk(tx_clk),
          .txd(txd),
          .tx_en(tx_en),
          .rx_clk(rx_clk),
          .rxd(rxd),
          .rx_dv(rx_dv),
          .crs(crs),
          .col(col),
          .link(link),
          .mdc(mdc),
          .mdio_i(mdio),
          .mdio_o(mdio_phy),
          .mdio_oe(mdio_phy_oe),
          .td_p(td_p[e]),
          .td_n(td_n[e]),
          .rd_high(rd_high),
          .rd_low(rd_low)
      );

      assign signals[16+4*e+:4] = rxd;
      assign signals[8*e+:8] = {rx_clk, link, col, crs, rx_dv, tx_en, td_n[e], td_p[e]};
      assign attention[4*e+:4] = {link, done_toggle, traffic.sent[0], pair.script_done[0]};
    end
  endgenerate
endmodule
