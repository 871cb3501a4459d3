`default_nettype none
`timescale 1ns/1ps
// Bench of repeater: plays a file of what arrives, one line an edge, and writes what leaves, one line an edge.
//
// +stimulus: rx_dv and rxd in hexadecimal, together, a line for each edge from 0 on; +edges of them. +record: tx_en,
// txd and partitioned as they are after each edge, then a line for each counter.
module repeater_bench;
  parameter PORTS = 4;
  parameter CC_LIMIT = 32;
  parameter LONG_COLLISION = 6000;
  parameter JABBER = 12500;
  localparam MOST = 400000;

  reg clk = 0, rst = 1;
  always #20 clk = !clk;

  reg [5*PORTS-1:0] stimulus [0:MOST-1];
  reg [5*PORTS-1:0] now = 0;
  reg [5:0] select = 0;
  wire [PORTS-1:0] tx_en, partitioned;
  wire [4*PORTS-1:0] txd;
  wire [31:0] value;
  reg [8*1024-1:0] stimulus_name, record_name;
  integer edges = 0, record, n;

  repeater #(.PORTS(PORTS), .CC_LIMIT(CC_LIMIT), .LONG_COLLISION(LONG_COLLISION), .JABBER(JABBER)) dut (
      .clk(clk), .rst(rst), .rx_dv(now[5*PORTS-1:4*PORTS]), .rxd(now[4*PORTS-1:0]), .tx_en(tx_en), .txd(txd),
      .partitioned(partitioned), .counter_select(select), .counter_value(value)
  );

  initial begin
    if (!$value$plusargs("stimulus=%s", stimulus_name) || !$value$plusargs("record=%s", record_name)
        || !$value$plusargs("edges=%d", edges) || edges > MOST) $finish;
    record = $fopen(record_name, "w");
    $readmemh(stimulus_name, stimulus, 0, edges - 1);
    repeat (3) @(posedge clk);
    rst <= 0;
    for (n = 0; n < edges; n = n + 1) begin
      now <= stimulus[n];
      @(posedge clk);  // edge n
      #1 if (n < edges - 1) $fdisplay(record, "%h %h %h", tx_en, txd, partitioned);
    end
    for (n = 0; n < 5 * PORTS; n = n + 1) begin
      select <= n;
      repeat (12 * PORTS) @(posedge clk);
      $fdisplay(record, "%0d", value);
    end
    $fclose(record);
    $finish;
  end
endmodule
