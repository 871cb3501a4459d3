`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
/* verilator lint_off ZERODLY */  // the delay is not constant, but it is never zero
// One pair of a 10BASE-T link: from the transmitter's two wires to what the receiver's comparators say, sample by sample.
//
// Each edge arrives delay_ps later, and off by its own jitter: spread evenly over -jitter_ps .. jitter_ps, or, with
// is_extreme, one of the two ends; from a generator that starts at `seed`. delay_ps has to be larger than jitter_ps.
// is_reversed swaps the wires, is_cut keeps everything off. Settings are written by name, at any time; edges on
// their way keep theirs.
// While script_on is 1 the pair carries what the file that +line_script= names says instead of the transmitter: lines
// `DELAY_PS LEVEL` (decimal), the time after the line before, or after the rise of script_on, and 1 high, 2 low, 0 idle;
// script_done counts the scripts that have ended.
// Parameters: the first values of jitter_ps and seed.
// Ports: rd_high and rd_low as phy_10baset wants them, sampled at the falls and rises of clk and changed at its rises.
module twisted_pair_model #(
    parameter JITTER_PS = 0,
    parameter SEED = 1
) (
    input  wire       td_p,
    input  wire       td_n,
    input  wire       clk,
    output reg  [1:0] rd_high,
    output reg  [1:0] rd_low
);
  localparam PATH_OCTETS = 1024;
  localparam QUEUE_BITS = 8;
  localparam QUEUE = 1 << QUEUE_BITS;  // edges on the way: 12 us of cable at least
  localparam [31:0] MULTIPLIER = 32'd1664525;
  localparam [31:0] INCREMENT = 32'd1013904223;

  reg [31:0] delay_ps  /*verilator public_flat_rw*/;
  reg [31:0] jitter_ps  /*verilator public_flat_rw*/;
  reg [31:0] seed  /*verilator public_flat_rw*/;
  reg is_extreme  /*verilator public_flat_rw*/;
  reg is_reversed  /*verilator public_flat_rw*/;
  reg is_cut  /*verilator public_flat_rw*/;
  reg script_on  /*verilator public_flat_rw*/;
  reg [31:0] script_done  /*verilator public_flat_rd*/;

  reg [31:0] dice;
  reg [63:0] product;  // of a fraction of 2^32 and a range: its upper half is the place in the range
  wire [31:0] unused_product = product[31:0];
  wire [29:0] unused_level = level[31:2];
  reg [31:0] edge_ps;
  real due_ns[0:QUEUE-1];
  reg [1:0] coming[0:QUEUE-1];
  reg [QUEUE_BITS-1:0] queue_in, queue_out;
  reg [1:0] arrived;  // {low, high} at the receiver
  reg [1:0] scripted;
  reg [1:0] at_fall;
  reg [8*PATH_OCTETS-1:0] path;
  integer file, fields, wait_ps, level;

  wire [1:0] now = script_on ? scripted : is_cut ? 2'b00 : is_reversed ? {arrived[0], arrived[1]} : arrived;

  initial begin
    delay_ps = 100_000;
    jitter_ps = JITTER_PS;
    seed = SEED;
    is_extreme = 0;
    is_reversed = 0;
    is_cut = 0;
    script_on = 0;
    script_done = 0;
    dice = 0;
    arrived = 0;
    queue_in = 0;
    queue_out = 0;
    scripted = 0;
    at_fall = 0;
    rd_high = 0;
    rd_low = 0;
  end

  always @(seed) dice = seed;

  // A queue, because edges follow each other sooner than they arrive.
  always @(td_p or td_n) begin
    dice = dice * MULTIPLIER + INCREMENT;
    product = {32'b0, dice} * (64'd2 * {32'b0, jitter_ps} + 64'd1);
    edge_ps = delay_ps - jitter_ps + (is_extreme ? (dice[31] ? 2 * jitter_ps : 0) : product[63:32]);
    due_ns[queue_in] = $realtime + edge_ps / 1000.0;
    coming[queue_in] = {td_n, td_p};
    queue_in = queue_in + 1;
  end

  always begin
    wait (queue_in != queue_out);
    if (due_ns[queue_out] > $realtime) #(due_ns[queue_out] - $realtime);
    arrived   = coming[queue_out];
    queue_out = queue_out + 1;
  end

  always @(posedge script_on) begin
    file = 0;
    if ($value$plusargs("line_script=%s", path)) file = $fopen(path, "r");
    if (file != 0) begin
      fields = $fscanf(file, "%d %d", wait_ps, level);
      while (fields == 2) begin
        #(wait_ps / 1000.0);
        scripted = level[1:0];
        fields = $fscanf(file, "%d %d", wait_ps, level);
      end
      $fclose(file);
    end
    scripted = 0;
    script_done = script_done + 1;
  end

  always @(negedge clk) at_fall <= now;
  always @(posedge clk) begin
    rd_high <= {now[0], at_fall[0]};
    rd_low  <= {now[1], at_fall[1]};
  end
endmodule
/* verilator lint_on ZERODLY */
/* verilator lint_on BLKSEQ */
