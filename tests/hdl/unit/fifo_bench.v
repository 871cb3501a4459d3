`default_nettype none
`timescale 1ns/1ps
// Bench of async_fifo: random writes and reads at two unrelated clocks, checked word by word, and the delay of each
// crossing.
//
// Runs by itself between `go` and `finished`; problems counts what went wrong.
module fifo_bench;
  localparam ADDRESS_BITS = 3;
  localparam DEPTH = 1 << ADDRESS_BITS;

  reg clk_write = 0, clk_read = 0, rst = 1;
  integer write_half_ps = 10000, read_half_ps = 20000, words = 4000, write_percent = 50, read_percent = 50;
  always #(write_half_ps / 1000.0) clk_write = !clk_write;
  initial #0.25 forever #(read_half_ps / 1000.0) clk_read = !clk_read;  // never at the time of a write edge

  reg go = 0, finished = 0;
  integer problems = 0, written = 0, taken = 0, fullest = 0, seed = 1;

  reg [15:0] write_data = 0;
  reg write_valid = 0, read_ready = 0;
  wire write_ready, read_valid;
  wire [15:0] read_data;
  wire [ADDRESS_BITS:0] write_level;

  async_fifo #(.WIDTH(16), .ADDRESS_BITS(ADDRESS_BITS)) fifo (
      .clk_write(clk_write), .rst_write(rst), .write_data(write_data), .write_valid(write_valid),
      .write_ready(write_ready), .write_level(write_level),
      .clk_read(clk_read), .rst_read(rst), .read_data(read_data), .read_valid(read_valid), .read_ready(read_ready)
  );

  function [15:0] pattern(input integer n);
    pattern = n * 40503 + 7;
  endfunction

  // Edges of the read clock since the last write into the empty FIFO, to measure when it is seen.
  integer read_edges = 0, written_before_edge = -1;

  always @(posedge clk_write) begin
    if (write_level < written - taken) problems = problems + 1;  // it may lag behind reads, never behind writes
    if (write_valid && write_ready) begin
      if (written == taken) written_before_edge = read_edges;  // the next read edge is the one that samples it
      written = written + 1;
    end
    if (written - taken > DEPTH) problems = problems + 1;
    if (written - taken > fullest) fullest = written - taken;
    write_data  <= pattern(written);
    write_valid <= go && written < words && ($random(seed) & 127) * 100 < write_percent * 128;
  end

  always @(posedge clk_read) begin
    // A write sampled first at edge x is seen before edge x + 2, and not before.
    if (written_before_edge >= 0 && read_valid) begin
      if (read_edges - written_before_edge < 2) problems = problems + 1;
      written_before_edge = -1;
    end
    if (written_before_edge >= 0 && read_edges - written_before_edge > 2) begin
      problems = problems + 1;
      written_before_edge = -1;
    end
    if (read_valid && taken >= written) problems = problems + 1;
    if (read_valid && read_ready) begin
      if (read_data !== pattern(taken)) problems = problems + 1;
      taken = taken + 1;
    end
    read_edges = read_edges + 1;
    read_ready <= ($random(seed) & 127) * 100 < read_percent * 128;
    if (go && taken == words) finished <= 1;
  end
endmodule
