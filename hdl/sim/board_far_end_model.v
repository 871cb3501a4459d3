`default_nettype none
`timescale 1ns/1ps
// A board in the place of a bus master: its serial line, with the host's end of it, and the far end of the board link.
//
// A program outside talks to `port` (serial_port_model) and watches `attention`: bit 0 changes when octets have arrived, bit 1
// when the queue to the board has run down. A supply that is off (`power` low) cuts the line.
// Ports: clk_bus, and rst of the supply; adapter_rst is the reset that the adapter gets, which the host may ask for too; the
// Wishbone master signals (cyc and stb are one signal).
// Parameters: BUS_HZ of clk_bus; BAUD of the line; BOARD_ID, ASCII, the first octet in bits 7..0.
module board_far_end_model #(
    parameter BUS_HZ = 50_000_000,
    parameter BAUD = 3_000_000,
    parameter [127:0] BOARD_ID = "hcneb tnioj"  // "joint bench", first octet lowest
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        power,
    input  wire        irq,
    output wire        adapter_rst,
    // Wishbone
    output wire        wb_stb,
    output wire        wb_we,
    output wire [ 3:0] wb_sel,
    output wire [14:0] wb_adr,
    output wire [31:0] wb_dat_w,
    input  wire [31:0] wb_dat_r,
    input  wire        wb_ack,
    input  wire        wb_err
);
`include "nic_regmap.vh"
  localparam [31:0] CLOCK = BUS_HZ;
  localparam [31:0] RATE = BAUD;
  localparam [31:0] TIME_SCALE = 32'd1;
  // Version 1, a window of 8, payloads of up to 2036 octets, 4096 octets for requests and for replies.
  localparam [383:0] GREETING = {
    BOARD_ID, 64'd0, MAP_HASH, TIME_SCALE, RATE, CLOCK, 16'd4096, 16'd4096, 16'd2036, 8'd8, 8'd1
  };

  wire [1:0] attention  /*verilator public_flat_rd*/;
  wire arrived, drained, rxd, txd;

  assign attention = {drained, arrived};

  // Before the first access the link presents no address yet; without a strobe nobody may mind, but an X would spread.
  wire [14:0] link_adr;
  assign wb_adr = wb_stb ? link_adr : 15'd0;

  serial_port_model #(
      .BAUD(BAUD)
  ) port (
      .rxd(rxd),
      .txd(txd),
      .cut(!power),
      .arrived(arrived),
      .drained(drained)
  );

  // Nothing looks at LEDs and RTS.
  /* verilator lint_off PINCONNECTEMPTY */
  board_link #(
      .CLK_HZ(BUS_HZ),
      .BAUD(BAUD),
      .GREETING(GREETING)
  ) link (
      .clk(clk_bus),
      .rst(rst),
      .rxd(rxd),
      .txd(txd),
      .clear_to_send(1'b1),
      .request_to_send(),
      .wb_stb(wb_stb),
      .wb_we(wb_we),
      .wb_sel(wb_sel),
      .wb_adr(link_adr),
      .wb_dat_w(wb_dat_w),
      .wb_dat_r(wb_dat_r),
      .wb_ack(wb_ack),
      .wb_err(wb_err),
      .irq(irq),
      .adapter_rst(adapter_rst),
      .has_session(),
      .activity()
  );
  /* verilator lint_on PINCONNECTEMPTY */
endmodule
