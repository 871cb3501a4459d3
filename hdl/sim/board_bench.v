`default_nettype none
`timescale 1ns/1ps
// The bench of N boards on one segment, each reached through its serial line only: board_core, its PHY and its serial port.
//
// A program outside the simulation sets the segment through `settings`, and talks to `board[i].port`. `attention` carries what
// it has to watch: bit i changes when octets of board i have arrived, bit BOARDS + i when its queue has run down. `cut` breaks
// the serial line of board i; its power is in `settings`. Where bit i of `irq_stuck` is 1, the interrupt line inside board i is
// held at bit i of `irq_level`. `busy` has a bit for each board that is sending on the segment or on its serial line, or has a
// frame that waits for the segment.
// Clocks as in segment_bench. Parameters: as in board_core; BOARD_ID is that of all boards.
module board_bench #(
    parameter BOARDS = 2,
    parameter BAUD = 3_000_000,
    parameter [31:0] TIME_SCALE = 100,
    parameter [127:0] BOARD_ID = 128'd0,
    parameter [63:0] BUILD_HASH = 64'd0,
    parameter EVENT_REPEAT_BITS = 20,
    parameter BUS_PERIOD_NS = 20,
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS = 4
) (
    output wire [2*BOARDS-1:0] attention  /*verilator public_flat_rd*/,
    output wire [  BOARDS-1:0] busy  /*verilator public_flat_rd*/
);
  localparam BUS_HZ = 1_000_000_000 / BUS_PERIOD_NS;
  // REF_CLK and clk_bus rise half a period apart, so that (with a phase of 0) both change in the same time steps: a step
  // that nothing else happens in costs the simulator as much as any.
  localparam real REF_OFFSET_NS = 9.75;

  wire clk_bus;
  wire [BOARDS-1:0] clk_mii, power, link, arrived, drained;
  wire [BOARDS-1:0] tx_en, medium_rx_dv, medium_crs, medium_col;
  wire [4*BOARDS-1:0] txd, rxd;
  wire [256*BOARDS-1:0] rom_image;
  wire [16*BOARDS-1:0] position_bits, phase_ns;
  wire [7:0] bit_ns;
  wire [15:0] nibble_ns;
  wire full_duplex, sqe_test;
  wire [31:0] garbage_seed;

  reg [BOARDS-1:0] cut  /*verilator public_flat_rw*/;
  reg [BOARDS-1:0] irq_stuck  /*verilator public_flat_rw*/;
  reg [BOARDS-1:0] irq_level  /*verilator public_flat_rw*/;
  initial begin
    cut = 0;
    irq_stuck = 0;
    irq_level = 0;
  end

  assign attention = {drained, arrived};

  settings_model #(
      .STATIONS(BOARDS)
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
      .STATIONS(BOARDS),
      .BUS_PERIOD_NS(BUS_PERIOD_NS)
  ) clocks (
      .clk_bus(clk_bus),
      .clk_mii(clk_mii),
      .nibble_ns(nibble_ns),
      .phase_ns(phase_ns)
  );

  mii_segment_model #(
      .STATIONS(BOARDS)
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
    for (i = 0; i < BOARDS; i = i + 1) begin : board
      wire rst, rx_dv, crs, col, serial_rxd, serial_txd, board_irq;
      wire clk_ref, crs_dv, rx_er, board_tx_en, pin_tx_en;
      wire [1:0] rmii_txd, rmii_rxd;
      wire mdc, mdio_o, mdio_oe, mdio_i, is_answering;

      // The adapter does not show at its pins that a slot is queued.
      assign busy[i] = tx_en[i] || is_answering || core.adapter.adapter.host.any_busy;

      // Nothing looks at LEDs and RTS, and power_model has a bus that a board does not show.
      /* verilator lint_off PINCONNECTEMPTY */
      power_model supply (
          .clk_bus(clk_bus),
          .power(power[i]),
          .rst(rst),
          .ready(),
          .adapter_irq(board_irq),
          .adapter_ack(1'b0),
          .adapter_err(1'b0),
          .adapter_tx_en(board_tx_en),
          .irq(),
          .ack(),
          .err(),
          .tx_en(pin_tx_en),
          .medium_rx_dv(medium_rx_dv[i]),
          .medium_crs(medium_crs[i]),
          .medium_col(medium_col[i]),
          .rx_dv(rx_dv),
          .crs(crs),
          .col(col)
      );

      board_core #(
          .BUS_HZ(BUS_HZ),
          .BAUD(BAUD),
          .TIME_SCALE(TIME_SCALE),
          .BOARD_ID(BOARD_ID),
          .BUILD_HASH(BUILD_HASH),
          .EVENT_REPEAT_BITS(EVENT_REPEAT_BITS),
          .BUFFER_PAGES(BUFFER_PAGES),
          .TX_SLOTS(TX_SLOTS)
      ) core (
          .clk_bus(clk_bus),
          .rst(rst),
          .rxd(serial_rxd),
          .txd(serial_txd),
          .clear_to_send(1'b1),
          .request_to_send(),
          .rom_image(rom_image[256*i+:256]),
          .phy_link(link[i]),
          .clk_ref(clk_ref),
          .rmii_txd(rmii_txd),
          .rmii_tx_en(board_tx_en),
          .rmii_rxd(rmii_rxd),
          .rmii_crs_dv(crs_dv),
          .rmii_rx_er(rx_er),
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i),
          .has_session(),
          .activity(is_answering),
          .irq(board_irq)
      );
      /* verilator lint_on PINCONNECTEMPTY */

      always @(irq_stuck[i] or irq_level[i])
        if (!irq_stuck[i]) release core.irq;
        else if (irq_level[i]) force core.irq = 1'b1;
        else force core.irq = 1'b0;

      serial_port_model #(
          .BAUD(BAUD)
      ) port (
          .rxd(serial_rxd),
          .txd(serial_txd),
          .cut(cut[i] || !power[i]),
          .arrived(arrived[i]),
          .drained(drained[i])
      );

      mdio_phy_model management (
          .mdc(mdc),
          .mdio_o(mdio_o),
          .mdio_oe(mdio_oe),
          .mdio_i(mdio_i)
      );

      rmii_phy_model #(
          .REF_OFFSET_NS(REF_OFFSET_NS)
      ) phy (
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
    end
  endgenerate
endmodule
