`default_nettype none
`timescale 1ns/1ps
// Bench of board_core as Yosys left it: the netlist between a serial port and an RMII on which nothing happens.
module netlist_bench (
    output wire [1:0] attention  /*verilator public_flat_rd*/
);
  parameter [255:0] ROM_IMAGE = 256'd0;
  localparam BAUD = 3_000_000;

  reg clk_bus, clk_ref, rst;
  wire rxd, txd;

  initial begin
    clk_bus = 0;
    clk_ref = 0;
    rst = 1;
    #400 rst = 0;
  end
  always #10 clk_bus = !clk_bus;
  initial #5 forever #10 clk_ref = !clk_ref;

  // Nothing looks at the other side of the adapter.
  /* verilator lint_off PINCONNECTEMPTY */
  board_core core (
      .clk_bus(clk_bus), .rst(rst), .rxd(rxd), .txd(txd), .clear_to_send(1'b1), .request_to_send(),
      .rom_image(ROM_IMAGE), .phy_link(1'b1), .clk_ref(clk_ref), .rmii_txd(), .rmii_tx_en(), .rmii_rxd(2'b00),
      .rmii_crs_dv(1'b0), .rmii_rx_er(1'b0), .mdc(), .mdio_o(), .mdio_oe(), .mdio_i(1'b1),
      .has_session(), .activity(), .irq()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  serial_port_model #(.BAUD(BAUD)) port (
      .rxd(rxd), .txd(txd), .cut(1'b0), .arrived(attention[0]), .drained(attention[1])
  );
endmodule
