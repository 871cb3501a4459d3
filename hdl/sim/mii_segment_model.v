`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off ZERODLY */  // every delay has a fraction of a ns in it, so none is zero
/* verilator lint_off SYNCASYNCNET */  // TX_EN is sampled by clocks and, as an analogue medium does, followed at once
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// The collision domain: carries every station's MII to all others with propagation delay, and makes CRS, COL and RX_DV.
//
// What it does is defined in docs/adapter.md ("The segment"); IEEE Std 802.3-2022 clauses 7, 8 and 22. A station's TX_EN
// reaches the others |position difference| bit times later, as one event a change and listener. Nibbles are stored once,
// at the sender; each listener reads them through a pointer of its own, two nibbles late, only while something arrives.
//
// Ports: one bit, or one nibble, for each station; clk is both its TX_CLK and RX_CLK. tx_en and txd are those of an adapter
// with power; tx_en may fall at any time when the power fails. position_bits: 0 to 8191; change it while the medium is
// idle. All times refer to bit_ns (100 or 10).
// Timing: what arrives changes crs and col 0.5 ns after the whole ns, the own tx_en at once (the edge that raised it has
// then sampled them already); rx_dv and rxd are registered by clk.
// It has no repeater, no attenuation and no bit errors, and RX_ER is never raised.
module mii_segment_model #(
    parameter STATIONS = 2
) (
    input  wire [   STATIONS-1:0] clk,
    input  wire [   STATIONS-1:0] tx_en,
    input  wire [ 4*STATIONS-1:0] txd,
    output wire [   STATIONS-1:0] rx_dv,
    output wire [ 4*STATIONS-1:0] rxd,
    output wire [   STATIONS-1:0] crs,
    output wire [   STATIONS-1:0] col,
    // configuration
    input  wire [16*STATIONS-1:0] position_bits,
    input  wire [            7:0] bit_ns,
    input  wire                   full_duplex,
    input  wire                   sqe_test,
    input  wire [           31:0] garbage_seed
);
  localparam NIBBLE_BITS = 14;  // nibbles stored per sender: the longest frame and 8191 bit times of cable, with room
  localparam NIBBLES = 1 << NIBBLE_BITS;
  localparam BEGINNING_BITS = 7;  // transmissions of one sender that may be on their way at once
  localparam BEGINNINGS = 1 << BEGINNING_BITS;
  localparam [31:0] GOLDEN = 32'h9E3779B9;
  localparam [31:0] MIX = 32'h85EBCA6B;
  localparam SQE_FIRST_BITS = 10;  // SQE test signal, from the end of the transmission
  localparam SQE_LAST_BITS = 20;

  // Each sender writes its own region of the two memories, each listener its own pointers; hence several processes a
  // memory, which never meet in one word.
  /* verilator lint_off MULTIDRIVEN */
  reg [3:0] sent[0:STATIONS*NIBBLES-1];
  reg [NIBBLE_BITS-1:0] beginning[0:STATIONS*BEGINNINGS-1];  // index of the first nibble of a transmission
  reg [NIBBLE_BITS-1:0] pointer[0:STATIONS*STATIONS-1];  // listener * STATIONS + sender: the next nibble to hand over
  reg [BEGINNING_BITS-1:0] arrived[0:STATIONS*STATIONS-1];  // number of the last transmission that has arrived
  /* verilator lint_on MULTIDRIVEN */
  wire [STATIONS*STATIONS-1:0] arriving;  // listener * STATIONS + sender

  function [15:0] distance_bits(input [15:0] a, input [15:0] b);
    distance_bits = (a > b) ? a - b : b - a;
  endfunction

  // What a listener hears in nibble k while several transmissions overlap: unpredictable, and the same in every run.
  function [3:0] garbage(input integer listener, input [31:0] k);
    reg [31:0] x;
    begin
      x = k + GOLDEN * (listener + 1) + garbage_seed;
      x = x ^ (x >> 16);
      x = x * MIX;
      x = x ^ (x >> 13);
      garbage = x[3:0];
    end
  endfunction

  genvar i, j;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : station
      // --- sender ---
      reg [NIBBLE_BITS-1:0] written;  // index of the next nibble
      reg [BEGINNING_BITS-1:0] transmissions;
      reg own;  // TX_EN as this process has seen it
      reg sqe;

      initial begin
        written = 0;
        transmissions = 0;
        own = 0;
        sqe = 0;
      end

      always @(posedge clk[i])
        if (tx_en[i]) begin
          sent[i*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, written}] = txd[4*i+:4];
          written = written + 1;
        end

      // All processes of the medium wait for the same event, any change of TX_EN, because each further kind of event that
      // a simulator has to watch costs time at every step.
      always @(tx_en)
        if (tx_en[i] && !own) begin
          own = 1;
          transmissions = transmissions + 1;
          beginning[i*BEGINNINGS+{{32-BEGINNING_BITS{1'b0}}, transmissions}] = written;
        end else if (!tx_en[i] && own) begin
          own = 0;
          // A power failure can cut a nibble short of its edge: store it. Otherwise this is a spare that nobody reads.
          sent[i*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, written}] = txd[4*i+:4];
          written = written + 1;
          if (sqe_test && !full_duplex) begin
            sqe <= #(SQE_FIRST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b1;
            sqe <= #(SQE_LAST_BITS * bit_ns + 0.5 - ($realtime - $time)) 1'b0;
          end
        end

      // --- medium ---
      for (j = 0; j < STATIONS; j = j + 1) begin : from
        if (i == j) begin : itself
          assign arriving[i*STATIONS+j] = 1'b0;
        end else begin : other
          reg arrives;
          wire [31:0] delay_ns = {16'b0, distance_bits(position_bits[16*i+:16], position_bits[16*j+:16])} * {24'b0, bit_ns};
          initial begin
            arrives = 0;
            departed = 0;
            arrived[i*STATIONS+j] = 0;
            pointer[i*STATIONS+j] = 0;
          end
          reg departed;  // TX_EN of the sender as this process has seen it
          always @(tx_en)
            if (tx_en[j] && !departed) begin
              departed = 1;
              arrives <= #(delay_ns + 0.5 - ($realtime - $time)) 1'b1;
            end else if (!tx_en[j] && departed) begin
              departed = 0;
              arrives <= #(delay_ns + 0.5 - ($realtime - $time)) 1'b0;
            end
          always @(posedge arrives) arrived[i*STATIONS+j] = arrived[i*STATIONS+j] + 1;
          assign arriving[i*STATIONS+j] = arrives;
        end
      end

      // --- listener ---
      wire [STATIONS-1:0] arriving_here = arriving[i*STATIONS+:STATIONS];
      reg  [STATIONS-1:0] sampled;  // arriving_here as sampled by the last edge ...
      reg  [STATIONS-1:0] heard;  // ... and by the one before
      reg                 dv;
      reg  [         3:0] nibble;
      reg  [        31:0] edges;  // so far: the index of the edge at hand
      integer             sender;
      integer             voices;
      reg  [NIBBLE_BITS-1:0] next;
      reg  [BEGINNING_BITS-1:0] number;

      initial begin
        sampled = 0;
        heard = 0;
        dv = 0;
        nibble = 0;
        edges = 0;
        sender = 0;
        voices = 0;
        next = 0;
        number = 0;
      end

      always @(posedge clk[i]) begin
        if ({arriving_here, sampled, heard, dv} != 0) begin
          voices = 0;
          for (sender = 0; sender < STATIONS; sender = sender + 1) begin
            if (heard[sender]) begin
              voices = voices + 1;
              next = pointer[i*STATIONS+sender];
              nibble <= sent[sender*NIBBLES+{{32-NIBBLE_BITS{1'b0}}, next}];
              pointer[i*STATIONS+sender] = next + 1;
            end else if (sampled[sender]) begin
              number = arrived[i*STATIONS+sender];
              pointer[i*STATIONS+sender] = beginning[sender*BEGINNINGS+{{32-BEGINNING_BITS{1'b0}}, number}];
            end
          end
          if (voices > 1) nibble <= garbage(i, edges);
          else if (voices == 0) nibble <= 0;
          dv <= voices != 0;
          heard = sampled;
          sampled = arriving_here;
        end
        edges = edges + 1;
      end

      assign rx_dv[i] = dv;
      assign rxd[4*i+:4] = nibble;
      assign crs[i] = arriving_here != 0 || (tx_en[i] && !full_duplex);
      assign col[i] = !full_duplex && ((tx_en[i] && arriving_here != 0) || sqe);
    end
  endgenerate
endmodule
/* verilator lint_on BLKSEQ */
/* verilator lint_on SYNCASYNCNET */
/* verilator lint_on ZERODLY */
