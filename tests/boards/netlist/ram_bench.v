`default_nettype none
`timescale 1ns/1ps
// Bench of the model of the block RAM: four of our memories as Yosys maps them, beside plain arrays, with random accesses.
//
// `problems` counts words that differ; a word that is read while it is written is not looked at.
module ram_bench;
  localparam ROUNDS = 20000;

  reg clk = 0;
  always #5 clk = !clk;

  integer problems = 0, compared = 0, seed = 1, i;
  reg write = 0, was_write = 0, was_same_10 = 1, was_same_9 = 1;
  reg [11:0] write_address = 0, read_address = 0;
  reg [31:0] data = 0;
  reg finished = 0;

  wire [31:0] wide, narrow, single;
  dual_10_netlist as_18 (
      .clk(clk), .write(write), .write_address(write_address[9:0]), .write_data(data),
      .read_address(read_address[9:0]), .read_data(narrow)
  );
  dual_9_netlist as_36 (
      .clk(clk), .write(write), .write_address(write_address[8:0]), .write_data(data),
      .read_address(read_address[8:0]), .read_data(wide)
  );
  single_netlist as_4 (
      .clk(clk), .write(write), .address(write ? write_address : read_address), .write_data(data), .read_data(single)
  );

  // Written by 64 bits, read by 32: the ports of a block are 36 and 18 bits wide.
  wire [31:0] stamp;
  wire [3:0] read_stamp = read_address[3:0];
  stamps_netlist as_36_to_18 (
      .clk_bus(clk), .store(write), .store_index(write_address[2:0]), .now_ns({data, ~data}),
      .read_index(read_stamp[3:1]), .read_high(read_stamp[0]), .read_blank(read_address[11]), .read_data(stamp)
  );

  reg [31:0] plain_10[0:1023], plain_9[0:511], plain[0:4095], plain_stamps[0:15];
  reg [31:0] want_10 = 0, want_9 = 0, want = 0, want_stamp = 0;
  reg was_same_stamp = 1;

  initial begin
    for (i = 0; i < 4096; i = i + 1) plain[i] = 0;
    for (i = 0; i < 16; i = i + 1) plain_stamps[i] = 0;
    for (i = 0; i < 1024; i = i + 1) plain_10[i] = 0;
    for (i = 0; i < 512; i = i + 1) plain_9[i] = 0;
    for (i = 0; i < ROUNDS; i = i + 1) begin
      @(posedge clk);
      #1;
      if (!was_same_10 && narrow !== want_10) problems = problems + 1;
      if (!was_same_9 && wide !== want_9) problems = problems + 1;
      if (!was_same_stamp && stamp !== want_stamp) problems = problems + 1;
      if (single !== want) problems = problems + 1;
      compared = compared + 1;
      // Few addresses, so that they are met again; the upper bits must count too.
      write = $random(seed);
      write_address = $random(seed) & 12'hE0F;
      read_address = $random(seed) & 12'hE0F;
      data = $random(seed);
      @(negedge clk);
      was_same_10 = write && write_address[9:0] == read_address[9:0];
      was_same_9 = write && write_address[8:0] == read_address[8:0];
      was_same_stamp = write && write_address[2:0] == read_stamp[3:1];
      want_10 = plain_10[read_address[9:0]];
      want_9 = plain_9[read_address[8:0]];
      want_stamp = read_address[11] ? 32'd0 : plain_stamps[read_stamp];
      if (!write) want = plain[read_address];
      if (write) begin
        plain_stamps[{write_address[2:0], 1'b0}] = ~data;
        plain_stamps[{write_address[2:0], 1'b1}] = data;
        plain_10[write_address[9:0]] = data;
        plain_9[write_address[8:0]] = data;
        plain[write_address] = data;
      end
    end
    finished = 1;
  end
endmodule
