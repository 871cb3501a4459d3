`default_nettype none
`timescale 1ns/1ps
// Bench of the far end of the link alone: board_link between a serial line and a memory. The greeting is that of the examples.
module link_bench #(
    parameter BAUD = 3_000_000,
    parameter EVENT_REPEAT_BITS = 15
) (
    output wire [1:0] attention  /*verilator public_flat_rd*/
);
  localparam [127:0] BOARD = "0278nal-s3xlu";  // "ulx3s-lan8720", the first octet in bits 7..0
  localparam [63:0] BUILD = 64'h0807060504030201;
  localparam [31:0] MAP = 32'hC61EC00F;
  localparam [31:0] CLOCK = 50_000_000;
  localparam [31:0] RATE = 3_000_000;
  localparam [383:0] GREETING = {BOARD, BUILD, MAP, 32'd1, RATE, CLOCK, 16'd4096, 16'd4096, 16'd2036, 8'd8, 8'd1};

  reg clk, rst;
  wire rxd, txd, stb, we, ack, err, irq, slave_rst;
  wire [3:0] sel;
  wire [14:0] adr;
  wire [31:0] dat_w, dat_r;

  initial begin
    clk = 0;
    rst = 1;
    #400 rst = 0;
  end
  always #10 clk = !clk;

  reg  clear_to_send  /*verilator public_flat_rw*/;
  wire request_to_send  /*verilator public_flat_rd*/;
  initial clear_to_send = 1;

  // Nothing looks at LEDs.
  /* verilator lint_off PINCONNECTEMPTY */
  board_link #(.BAUD(BAUD), .GREETING(GREETING), .EVENT_REPEAT_BITS(EVENT_REPEAT_BITS)) link (
      .clk(clk), .rst(rst), .rxd(rxd), .txd(txd), .clear_to_send(clear_to_send),
      .request_to_send(request_to_send),
      .wb_stb(stb), .wb_we(we), .wb_sel(sel), .wb_adr(adr), .wb_dat_w(dat_w), .wb_dat_r(dat_r), .wb_ack(ack),
      .wb_err(err), .irq(irq), .adapter_rst(slave_rst), .has_session(), .activity()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  memory_slave slave (
      .clk(clk), .rst(slave_rst), .stb(stb), .we(we), .sel(sel), .adr(adr), .dat_w(dat_w), .dat_r(dat_r), .ack(ack),
      .err(err), .irq(irq)
  );
  serial_port_model #(.BAUD(BAUD)) port (
      .rxd(rxd), .txd(txd), .cut(1'b0), .arrived(attention[0]), .drained(attention[1])
  );
endmodule
