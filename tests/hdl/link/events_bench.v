`default_nettype none
`timescale 1ns/1ps
// Bench of link_events alone, with the sender that link_outbox is to it: what is valid at an edge is taken one clock later,
// and being sent for some clocks. What Python sets between two edges is looked at by the second.
module events_bench;
  localparam REPEAT_BITS = 6;

  reg clk = 0, rst = 1, irq = 0, has_session = 0, begins = 0, ends = 0, acknowledge = 0;
  reg [7:0] acknowledged = 0;
  reg [63:0] now_ns = 0;
  reg is_ready = 0;           // the sender has nothing else to send
  reg [5:0] send_clocks = 4;  // that it takes to send an event
  always #10 clk = !clk;

  wire valid, status;
  wire [7:0] sequence;
  wire [15:0] lost;
  wire [63:0] changed_ns;

  reg [16:0] changes = 0;  // still to come, one a clock, without Python
  reg is_changed = 0;
  wire is_quiet = changes == 0;
  always @(posedge clk)
    if (!is_quiet) begin
      changes <= changes - 1;
      is_changed <= !is_changed;
    end

  reg is_sending = 0, taken = 0;
  reg [5:0] left = 0;
  always @(posedge clk) begin
    now_ns <= now_ns + 20;
    taken <= 0;
    if (is_sending) begin
      left <= left - 1;
      is_sending <= left != 1;
    end else if (valid && is_ready) begin
      is_sending <= 1;
      taken <= 1;
      left <= send_clocks;
    end
    if (begins || ends) has_session <= begins;
  end

  link_events #(.REPEAT_BITS(REPEAT_BITS)) events (
      .clk(clk), .rst(rst), .irq(irq ^ is_changed), .now_ns(now_ns), .has_session(has_session), .begins(begins), .ends(ends),
      .acknowledge(acknowledge), .acknowledged(acknowledged), .valid(valid), .taken(taken), .is_sending(is_sending),
      .sequence(sequence), .status(status), .lost(lost), .changed_ns(changed_ns)
  );
endmodule
