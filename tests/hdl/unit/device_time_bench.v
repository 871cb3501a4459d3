`default_nettype none
`timescale 1ns/1ps
// Bench of device_time: at each edge k the time must be floor(k * 1e9 / BUS_HZ); problems counts edges at which it is not.
//
// Runs by itself for `edges` edges after `go`; only the number of an edge matters, not when it is.
module device_time_bench #(
    parameter BUS_HZ = 50_000_000
);
  reg clk_bus = 0, go = 0, finished = 0;
  integer edges = 0, problems = 0;
  reg [63:0] edge_number = 0, first_wrong = 0;

  wire [63:0] now_ns;
  wire [63:0] expected_ns = edge_number * 64'd1_000_000_000 / BUS_HZ;

  device_time #(.BUS_HZ(BUS_HZ)) clock (.clk_bus(clk_bus), .now_ns(now_ns));

  always @(posedge go) begin
    repeat (edges) begin
      edge_number = edge_number + 1;
      #1 if (now_ns !== expected_ns) begin
        if (problems == 0) first_wrong = edge_number;
        problems = problems + 1;
      end
      clk_bus = 1;
      #1 clk_bus = 0;
    end
    finished = 1;
  end
endmodule
