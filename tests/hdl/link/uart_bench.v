`default_nettype none
`timescale 1ns/1ps
// Bench of uart_rx and uart_tx: what the receiver hears from a serial_port_model goes back through the transmitter.
//
// The model's baud rate is its own (LINE_BAUD), so the tolerance of the receiver can be tried. `pull` pulls the line low.
module uart_bench #(
    parameter CLK_HZ = 50_000_000,
    parameter BAUD = 3_000_000,
    parameter LINE_BAUD = 3_000_000
) (
    output wire [1:0] attention  /*verilator public_flat_rd*/
);
  localparam real HALF_NS = 0.5e9 / CLK_HZ;

  reg clk, rst;
  reg pull  /*verilator public_flat_rw*/;
  reg clear_to_send  /*verilator public_flat_rw*/;
  wire line, txd, valid, ready, fifo_valid;
  wire [7:0] data, fifo_data;
  integer heard;

  initial begin
    clk = 0;
    rst = 1;
    pull = 0;
    clear_to_send = 1;
    heard = 0;
    #(20 * HALF_NS) rst = 0;
  end
  always #(HALF_NS) clk = !clk;
  always @(posedge clk) if (valid) heard <= heard + 1;

  uart_rx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) receiver (
      .clk(clk), .rst(rst), .rxd(line && !pull), .data(data), .valid(valid)
  );
  wire unused_write_ready;
  sync_fifo #(.WIDTH(8), .ADDRESS_BITS(6)) between (
      .clk(clk), .rst(rst), .write_data(data), .write_valid(valid), .write_ready(unused_write_ready),
      .read_data(fifo_data), .read_valid(fifo_valid), .read_ready(ready)
  );
  uart_tx #(.CLK_HZ(CLK_HZ), .BAUD(BAUD)) transmitter (
      .clk(clk), .rst(rst), .clear_to_send(clear_to_send), .data(fifo_data), .valid(fifo_valid), .ready(ready), .txd(txd)
  );
  serial_port_model #(.BAUD(LINE_BAUD)) port (
      .rxd(line), .txd(txd), .cut(1'b0), .arrived(attention[0]), .drained(attention[1])
  );
endmodule
