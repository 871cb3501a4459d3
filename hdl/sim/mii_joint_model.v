`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // every delay has a fraction of a ns in it, so none is zero
/* verilator lint_off SYNCASYNCNET */  // TX_EN is sampled by clocks and, as an analogue medium does, followed at once
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// The joint between adapters in Verilog and a network of twins: the PHYs of STATIONS adapters, as mii_segment_model has them,
// on media that a program outside keeps. docs/joint.md says who does what.
//
// Who can be heard here is a *sender*: the stations, then PUPPETS attachments of the network. A program outside orders
// what each does, in `orders` of its `sender` scope: word 0, bits 31..0, is how many orders there were ever; the
// slots after it hold the last ORDERS, number n in slot n mod ORDERS, 64 bits each:
//
//   bits 3..0 kind, 15..8 number of the transmission, 31..16 value, 39..32 number and 63..48 sender of the origin
//   BEGIN 1   the sender's TX_EN rises now. It sends what the origin sends: itself, or another that it repeats; of its
//             own, a puppet has `value` nibbles in `content` and `content_wide` (the first 256, the others)
//   END 2     TX_EN falls now
//   JAM 3     from nibble `value` on it is jam, as far as that has not been said of an earlier one
//
// A listener hears it delays_ns later (0 to 2^31-1; above: never). What a station sends stands in `heard` and `heard_wide` of
// its sender scope when its bit of on_air falls: bits 15..0 nibbles; bit 16 sent to its end without collision; nibbles from
// bit 32 on (the first 248), the others in heard_wide. `nibbles` counts what was sampled, and one more that was cut.
//
// Ports: one bit, or one field, for each station; clk is both its TX_CLK and RX_CLK. ended, collided and mac_reset observe
// its transmit MAC. Timing as in mii_segment_model: crs and col change 0.5 ns after the whole ns, or with the own tx_en; on_air
// follows tx_en at once.
module mii_joint_model #(
    parameter STATIONS = 1,
    parameter PUPPETS = 1
) (
    input  wire [   STATIONS-1:0] clk,
    input  wire [   STATIONS-1:0] tx_en,
    input  wire [ 4*STATIONS-1:0] txd,
    output wire [   STATIONS-1:0] rx_dv,
    output wire [ 4*STATIONS-1:0] rxd,
    output wire [   STATIONS-1:0] crs,
    output wire [   STATIONS-1:0] col,
    output wire [   STATIONS-1:0] on_air,
    input  wire [   STATIONS-1:0] ended,
    input  wire [   STATIONS-1:0] collided,
    input  wire [   STATIONS-1:0] mac_reset,
    // configuration
    input  wire [   STATIONS-1:0] speed100,
    input  wire [   STATIONS-1:0] full_duplex,
    input  wire [32*STATIONS*(STATIONS+PUPPETS)-1:0] delays_ns,  // listener * SENDERS + sender
    input  wire [ 8*STATIONS-1:0] garbage_index,
    input  wire [           31:0] garbage_seed
);
  localparam SENDERS = STATIONS + PUPPETS;
  localparam ORDERS = 8;
  localparam NIBBLE_BITS = 14;  // nibbles stored per sender: the longest frame and what is on its way, with room
  localparam NIBBLES = 1 << NIBBLE_BITS;
  localparam NUMBER_BITS = 7;  // transmissions of one sender that may be on their way at once
  localparam NUMBERS = 1 << NUMBER_BITS;
  localparam NARROW_BITS = 1024;
  localparam WIDE_BITS = 16384;
  localparam HEARD_FIRST = (NARROW_BITS - 32) / 4;  // nibbles in `heard`
  localparam [15:0] NEVER = 16'hFFFF;
  localparam [31:0] GOLDEN = 32'h9E3779B9;
  localparam [31:0] MIX = 32'h85EBCA6B;
  localparam SQE_FIRST_BITS = 10;  // SQE test signal, from the end of the transmission
  localparam SQE_LAST_BITS = 20;
  localparam [3:0] JAM_NIBBLE = 4'h5;
  localparam [3:0] ORDER_BEGIN = 1, ORDER_END = 2, ORDER_JAM = 3;

  // Each sender writes its own region of the memories, each listener its own pointers; hence several processes a
  // memory, which never meet in one word.
  /* verilator lint_off MULTIDRIVEN */
  reg [3:0] sent[0:SENDERS*NIBBLES-1];
  reg [31:0] origin[0:SENDERS*NUMBERS-1];  // of a transmission: the sender whose nibbles it has ...
  reg [NIBBLE_BITS-1:0] first[0:SENDERS*NUMBERS-1];  // ... and the index of the first of them
  reg [15:0] jam_from[0:SENDERS*NUMBERS-1];
  reg [NUMBER_BITS-1:0] hearing[0:STATIONS*SENDERS-1];  // listener * SENDERS + sender: number of the transmission ...
  reg [15:0] place[0:STATIONS*SENDERS-1];  // ... and the nibble of it to be handed over next
  reg [NUMBER_BITS-1:0] arrived[0:STATIONS*SENDERS-1];  // number of the last that has arrived
  /* verilator lint_on MULTIDRIVEN */
  reg [SENDERS-1:0] live;  // TX_EN as ordered
  wire [STATIONS*SENDERS-1:0] arriving;  // listener * SENDERS + sender

  // What a listener hears in nibble k while several transmissions overlap: unpredictable, and the same in every run.
  function [3:0] garbage(input [7:0] listener, input [31:0] k);
    reg [31:0] x;
    begin
      x = k + GOLDEN * ({24'b0, listener} + 1) + garbage_seed;
      x = x ^ (x >> 16);
      x = x * MIX;
      x = x ^ (x >> 13);
      garbage = x[3:0];
    end
  endfunction

  genvar i, s;
  generate
    for (s = 0; s < SENDERS; s = s + 1) begin : sender
      reg [64*(ORDERS+1)-1:0] orders  /*verilator public_flat_rw*/;
      reg [NARROW_BITS-1:0] content  /*verilator public_flat_rw*/;
      reg [WIDE_BITS-1:0] content_wide  /*verilator public_flat_rw*/;
      reg [31:0] obeyed;
      reg [63:0] order;
      wire [13:0] unused_order = {order[47:39], order[15], order[7:4]};
      reg [31:0] k;
      reg [NUMBER_BITS-1:0] number;
      reg [NIBBLE_BITS-1:0] loaded;  // of a puppet: index of the next nibble
      wire [NIBBLE_BITS-1:0] own_first;  // of a station: index of the first nibble of its present transmission

      initial begin
        orders = 0;
        content = 0;
        content_wide = 0;
        obeyed = 0;
        order = 0;
        k = 0;
        number = 0;
        loaded = 0;
        live[s] = 0;
      end

      task begin_transmission;
        begin
          jam_from[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = NEVER;
          if ({16'b0, order[63:48]} != s) begin
            origin[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = origin[{16'b0, order[63:48]}*NUMBERS+
                {{32-NUMBER_BITS{1'b0}}, order[32+:NUMBER_BITS]}];
            first[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = first[{16'b0, order[63:48]}*NUMBERS+
                {{32-NUMBER_BITS{1'b0}}, order[32+:NUMBER_BITS]}];
          end else begin
            origin[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = s;
            first[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = s < STATIONS ? own_first : loaded;
            for (k = 0; k < {16'b0, order[31:16]}; k = k + 1) begin
              sent[s*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, loaded}] =
                  k < NARROW_BITS / 4 ? content[4*k+:4] : content_wide[4*(k-NARROW_BITS/4)+:4];
              loaded = loaded + 1;
            end
          end
          live[s] = 1;
        end
      endtask

      always @(orders)
        while (obeyed != orders[31:0]) begin
          order = orders[64*(1+obeyed%ORDERS)+:64];
          number = order[8+:NUMBER_BITS];
          if (order[3:0] == ORDER_BEGIN) begin_transmission;
          else if (order[3:0] == ORDER_END) live[s] = 0;
          else if (order[3:0] == ORDER_JAM && order[31:16] < jam_from[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}])
            jam_from[s*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}] = order[31:16];
          obeyed = obeyed + 1;
        end

      if (s < STATIONS) begin : own
        reg [NARROW_BITS-1:0] heard  /*verilator public_flat_rd*/;
        reg [WIDE_BITS-1:0] heard_wide  /*verilator public_flat_rd*/;
        reg [NIBBLE_BITS-1:0] begun, written;  // index of the first nibble of the transmission, and of the next
        reg [NIBBLE_BITS-1:0] count;
        reg is_whole;
        reg is_on;
        reg [31:0] n;

        initial begin
          heard = 0;
          heard_wide = 0;
          begun = 0;
          written = 0;
          count = 0;
          is_whole = 0;
          is_on = 0;
          n = 0;
        end

        assign own_first = begun;
        assign on_air[s] = is_on;

        always @(posedge clk[s])
          if (tx_en[s]) begin
            sent[s*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, written}] = txd[4*s+:4];
            written = written + 1;
            is_whole = ended[s] && !collided[s] && !mac_reset[s];
          end

        always @(tx_en)
          if (tx_en[s] && !is_on) begin
            begun = written;
            is_whole = 0;
            is_on = 1;
          end else if (!tx_en[s] && is_on) begin
            // A power failure can cut a nibble short of its edge: store it. Otherwise this is a spare that nobody reads.
            sent[s*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, written}] = txd[4*s+:4];
            written = written + 1;
            count = written - begun;
            heard[31:0] = {15'b0, is_whole, {16-NIBBLE_BITS{1'b0}}, count};
            for (n = 0; n < {{32-NIBBLE_BITS{1'b0}}, count}; n = n + 1) begin
              if (n < HEARD_FIRST) heard[32+4*n+:4] = sent[s*NIBBLES+({{32-NIBBLE_BITS{1'b0}}, begun}+n)%NIBBLES];
              else heard_wide[4*(n-HEARD_FIRST)+:4] = sent[s*NIBBLES+({{32-NIBBLE_BITS{1'b0}}, begun}+n)%NIBBLES];
            end
            is_on = 0;
          end
      end else begin : puppet
        assign own_first = 0;
      end
    end

    for (i = 0; i < STATIONS; i = i + 1) begin : station
      wire [7:0] bit_ns = speed100[i] ? 8'd10 : 8'd100;
      reg was_on;
      reg sqe;

      initial begin
        was_on = 0;
        sqe = 0;
      end

      always @(tx_en)
        if (tx_en[i]) was_on = 1;
        else if (was_on) begin
          was_on = 0;
          if (!speed100[i] && !full_duplex[i]) begin
            sqe <= #(SQE_FIRST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b1;
            sqe <= #(SQE_LAST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b0;
          end
        end

      // --- medium ---
      for (s = 0; s < SENDERS; s = s + 1) begin : from
        reg arrives;
        reg departed;
        wire [31:0] delay_ns = delays_ns[32*(i*SENDERS+s)+:32];
        initial begin
          arrives = 0;
          departed = 0;
          arrived[i*SENDERS+s] = 0;
          hearing[i*SENDERS+s] = 0;
          place[i*SENDERS+s] = 0;
        end
        always @(live)
          if (live[s] != departed) begin
            departed = live[s];
            if (!delay_ns[31]) arrives <= #(delay_ns + 0.5 - ($realtime - $time)) departed;
          end
        always @(posedge arrives) arrived[i*SENDERS+s] = arrived[i*SENDERS+s] + 1;
        assign arriving[i*SENDERS+s] = arrives;
      end

      // --- listener ---
      wire [SENDERS-1:0] arriving_here = arriving[i*SENDERS+:SENDERS];
      reg  [SENDERS-1:0] sampled;  // arriving_here as sampled by the last edge ...
      reg  [SENDERS-1:0] before;  // ... and by the one before
      reg                dv;
      reg  [        3:0] nibble;
      reg  [       31:0] edges;  // so far: the index of the edge at hand
      integer            voice;
      integer            voices;
      reg  [NUMBER_BITS-1:0] number;  // of the transmission that a voice brings
      reg  [            3:0] of_origin;

      initial begin
        sampled = 0;
        before = 0;
        dv = 0;
        nibble = 0;
        edges = 0;
        voice = 0;
        voices = 0;
        number = 0;
        of_origin = 0;
      end

      always @(posedge clk[i]) begin
        if ({arriving_here, sampled, before, dv} != 0) begin
          voices = 0;
          for (voice = 0; voice < SENDERS; voice = voice + 1) begin
            if (before[voice]) begin
              voices = voices + 1;
              number = hearing[i*SENDERS+voice];
              of_origin = sent[origin[voice*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}]*NIBBLES+
                  ({{32-NIBBLE_BITS{1'b0}}, first[voice*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}]}+
                   {16'b0, place[i*SENDERS+voice]})%NIBBLES];
              if (place[i*SENDERS+voice] >= jam_from[voice*NUMBERS+{{32-NUMBER_BITS{1'b0}}, number}])
                nibble <= JAM_NIBBLE;
              else nibble <= of_origin;
              place[i*SENDERS+voice] = place[i*SENDERS+voice] + 1;
            end else if (sampled[voice]) begin
              hearing[i*SENDERS+voice] = arrived[i*SENDERS+voice];
              place[i*SENDERS+voice] = 0;
            end
          end
          if (voices > 1) nibble <= garbage(garbage_index[8*i+:8], edges);
          else if (voices == 0) nibble <= 0;
          dv <= voices != 0;
          before = sampled;
          sampled = arriving_here;
        end
        edges = edges + 1;
      end

      assign rx_dv[i] = dv;
      assign rxd[4*i+:4] = nibble;
      assign crs[i] = arriving_here != 0 || (tx_en[i] && !full_duplex[i]);
      assign col[i] = !full_duplex[i] && ((tx_en[i] && arriving_here != 0) || sqe);
    end
  endgenerate
endmodule
/* verilator lint_on BLKSEQ */
/* verilator lint_on SYNCASYNCNET */
/* verilator lint_on ZERODLY */
