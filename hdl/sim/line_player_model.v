`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
/* verilator lint_off ZERODLY */  // the delays are not constant, but none is zero
// A 10BASE-T transmitter whose PHY is a twin outside the simulation: puts the edges on the line that it orders.
//
// The twin's clock is of 60 MHz; rise n of it is at 1000 ps + (2n + 1) * half_fs, rounded to 1 ps. Orders stand in `orders`: word
// 0, bits 31..0, is how many there were ever; the slots after it hold the last ORDERS, number n in slot n mod ORDERS:
// 64 bits, 3..0 kind, 47..16 value.
//
//   BEGIN 1   a frame begins at rise `value`; its nibbles, preamble first, are in `content` and `content_wide` (the first 256,
//             the others)
//   END 2     it has `value` nibbles; given before the last of them has left
//   JAM 3     from nibble `value` on it is 5 5 5 ...
//   PULSE 4   a link pulse begins at rise `value`
//
// Ports: td_p and td_n, both low while the line is idle. What follows a frame's last bit is the start of idle.
// half_fs is written by name before the simulation has lasted 1 ns.
module line_player_model (
    output reg td_p,
    output reg td_n
);
  localparam ORDERS = 8;
  localparam [3:0] ORDER_BEGIN = 1, ORDER_END = 2, ORDER_JAM = 3, ORDER_PULSE = 4;
  localparam NARROW_BITS = 1024;
  localparam WIDE_BITS = 16384;
  localparam [31:0] NEVER = 32'hFFFF_FFFF;
  localparam [31:0] BIT_CLOCKS = 6, HALF_CLOCKS = 3, IDLE_CLOCKS = 18;
  localparam [3:0] JAM_NIBBLE = 4'h5;

  reg [64*(ORDERS+1)-1:0] orders  /*verilator public_flat_rw*/;
  reg [NARROW_BITS-1:0] content  /*verilator public_flat_rw*/;
  reg [WIDE_BITS-1:0] content_wide  /*verilator public_flat_rw*/;
  reg [31:0] half_fs  /*verilator public_flat_rw*/;
  reg [31:0] obeyed;
  reg [63:0] order;
  wire [27:0] unused_order = {order[63:48], order[15:4]};
  reg [31:0] first, nibbles, jam_from;
  reg is_pulse;
  reg wanted, played;  // toggles
  reg [31:0] at, index;  // the clock and bit at hand
  reg [3:0] nibble;
  real due_ns;

  initial begin
    orders = 0;
    content = 0;
    content_wide = 0;
    half_fs = 8_333_333;
    obeyed = 0;
    order = 0;
    first = 0;
    nibbles = 0;
    jam_from = 0;
    is_pulse = 0;
    wanted = 0;
    played = 0;
    at = 0;
    index = 0;
    nibble = 0;
    due_ns = 0.0;
    td_p = 0;
    td_n = 0;
  end

  always @(orders)
    while (obeyed != orders[31:0]) begin
      order = orders[64*(1+obeyed%ORDERS)+:64];
      case (order[3:0])
        ORDER_BEGIN, ORDER_PULSE: begin
          first = order[47:16];
          is_pulse = order[3:0] == ORDER_PULSE;
          nibbles = NEVER;
          jam_from = NEVER;
          wanted = !played;
        end
        ORDER_END: nibbles = order[47:16];
        ORDER_JAM: if (order[47:16] < jam_from) jam_from = order[47:16];
        default: ;
      endcase
      obeyed = obeyed + 1;
    end

  // Wait for rise `at`.
  task wait_for_rise;
    begin
      due_ns = (1_000_000 + (2.0 * at + 1.0) * half_fs + 500) / 1000;
      due_ns = $floor(due_ns) / 1000;
      if (due_ns > $realtime) #(due_ns - $realtime);
    end
  endtask

  always begin
    wait (wanted != played);
    played = wanted;
    at = first;
    index = 0;
    if (is_pulse) begin
      wait_for_rise;
      td_p = 1;
      at = first + BIT_CLOCKS;
      wait_for_rise;
      td_p = 0;
    end else begin
      wait_for_rise;
      while ({2'b0, index[31:2]} < nibbles) begin
        if (index[1:0] == 0) begin
          if ({2'b0, index[31:2]} >= jam_from) nibble = JAM_NIBBLE;
          else if (index < NARROW_BITS) nibble = content[index+:4];
          else nibble = content_wide[index-NARROW_BITS+:4];
        end
        td_p = !nibble[index[1:0]];  // a 1 is low, then high
        td_n = nibble[index[1:0]];
        at = at + HALF_CLOCKS;
        wait_for_rise;
        td_p = nibble[index[1:0]];
        td_n = !nibble[index[1:0]];
        at = at + HALF_CLOCKS;
        index = index + 1;
        wait_for_rise;
      end
      td_p = 1;
      td_n = 0;
      at = at + IDLE_CLOCKS;
      wait_for_rise;
      td_p = 0;
    end
  end
endmodule
/* verilator lint_on ZERODLY */
/* verilator lint_on BLKSEQ */
