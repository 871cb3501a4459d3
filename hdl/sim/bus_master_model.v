`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// Wishbone B4 classic master that executes a whole batch of operations for one hand-over from outside the simulation.
//
// Crossing from the simulator to the program that drives it costs far more than a bus access, so the driver hands over a
// list of operations at once and is woken once, when all are done. The driver writes three registers by name and reads
// three, always in whole 32-bit words, the least significant word first:
//
//   doorbell    word 0: bit 31 request, bits 15..0 number of words in the batch; words 1..31: words 0..30 of the batch
//   batch       words 31..542 of the batch; needed only for longer batches
//   batch_tail  words 543.. of the batch
//   reply       word 0: bits 31..30 code, bits 29..16 index of the operation that failed, bits 15..0 number of words
//               read; word 1: address that failed; words 2..31: words 0..29 that were read
//   reply_wide  words 30..541 that were read
//   reply_tail  words 542..
//
// A batch is a sequence of operations, each one word {write, 2'b0, words[12:0], address[15:0]}, followed in a write by
// its data. The address counts up by 4 with every word; one that the bus cannot express (bit 15) is presented with no byte
// selected, which the slave refuses. A change of `request` hands the batch over; `acknowledge` becomes equal to it when
// the reply is complete. Nothing may be written in between.
//
// Ports: clk_bus and the Wishbone master signals (cyc and stb are one signal); `powered` is low while the adapter has no
// power; `ready` is high when an access may be presented at the next edge.
// Timing: `request` that changes at t is seen at the first edge after t; strobe rises at that edge, or at the first with
// `ready`. The next access is presented at the edge that samples ACK, and `acknowledge` changes at the edge that samples the
// last one.
// It does not know the register map, and does not retry.
module bus_master_model #(
    parameter [31:0] HUNG_CLOCKS = 64  // accesses that are not answered for so long end the batch, in bus clocks
) (
    input  wire        clk_bus,
    input  wire        powered,
    input  wire        ready,
    output reg         acknowledge,
    // Wishbone
    output reg         wb_stb,
    output reg         wb_we,
    output reg  [ 3:0] wb_sel,
    output reg  [14:0] wb_adr,
    output reg  [31:0] wb_dat_w,
    input  wire [31:0] wb_dat_r,
    input  wire        wb_ack,
    input  wire        wb_err
);
  localparam DOORBELL_WORDS = 32;
  localparam WIDE_WORDS = 512;
  localparam TAIL_WORDS = 4096;
  localparam BATCH_FIRST = DOORBELL_WORDS - 1;         // batch words before `batch`
  localparam BATCH_SECOND = BATCH_FIRST + WIDE_WORDS;  // ... and before `batch_tail`
  localparam REPLY_FIRST = DOORBELL_WORDS - 2;
  localparam REPLY_SECOND = REPLY_FIRST + WIDE_WORDS;

  localparam [1:0] CODE_DONE = 0;      // every operation was done
  localparam [1:0] CODE_REFUSED = 1;   // an access was answered by ERR
  localparam [1:0] CODE_NO_POWER = 2;  // the adapter had no power, or lost it
  localparam [1:0] CODE_HUNG = 3;      // an access was not answered

  // Written and read by name through VPI.
  reg [32*DOORBELL_WORDS-1:0] doorbell  /*verilator public_flat_rw*/;
  reg [32*WIDE_WORDS-1:0] batch  /*verilator public_flat_rw*/;
  reg [32*TAIL_WORDS-1:0] batch_tail  /*verilator public_flat_rw*/;
  reg [32*DOORBELL_WORDS-1:0] reply  /*verilator public_flat_rd*/;
  reg [32*WIDE_WORDS-1:0] reply_wide  /*verilator public_flat_rd*/;
  reg [32*TAIL_WORDS-1:0] reply_tail  /*verilator public_flat_rd*/;

  wire request = doorbell[31];
  time requested_ns;  // when `request` changed: an edge at that very time must not see it, in whatever order they run

  integer batch_words;   // in the batch
  integer next_word;     // of the batch
  integer words_left;    // of the present operation
  integer index;         // of the present operation
  integer read_words;    // in the reply
  integer waited;        // bus clocks since the present access was presented
  reg     busy;
  reg [31:0] fetched;
  reg [15:0] address;
  reg        write;

  initial begin
    doorbell = 0;
    batch = 0;
    batch_tail = 0;
    reply = 0;
    reply_wide = 0;
    reply_tail = 0;
    requested_ns = 0;
    batch_words = 0;
    next_word = 0;
    words_left = 0;
    index = 0;
    read_words = 0;
    waited = 0;
    busy = 0;
    fetched = 0;
    address = 0;
    write = 0;
    acknowledge = 0;
    wb_stb = 0;
    wb_we = 0;
    wb_sel = 0;
    wb_adr = 0;
    wb_dat_w = 0;
  end

  always @(request) requested_ns = $time;

  // Take the next word of the batch into `fetched`.
  task fetch;
    begin
      if (next_word < BATCH_FIRST) fetched = doorbell[32*(next_word+1)+:32];
      else if (next_word < BATCH_SECOND) fetched = batch[32*(next_word-BATCH_FIRST)+:32];
      else fetched = batch_tail[32*(next_word-BATCH_SECOND)+:32];
      next_word = next_word + 1;
    end
  endtask

  // Append a word to the reply.
  task store(input [31:0] value);
    begin
      if (read_words < REPLY_FIRST) reply[32*(read_words+2)+:32] = value;
      else if (read_words < REPLY_SECOND) reply_wide[32*(read_words-REPLY_FIRST)+:32] = value;
      else reply_tail[32*(read_words-REPLY_SECOND)+:32] = value;
      read_words = read_words + 1;
    end
  endtask

  // End the batch. The reply is written at once and `acknowledge` follows, so whoever sees the latter may read the former.
  task finish(input [1:0] code);
    begin
      reply[31:0] = {code, index[13:0], read_words[15:0]};
      reply[63:32] = {16'b0, address};
      acknowledge <= request;
      wb_stb <= 0;
      busy = 0;
    end
  endtask

  // Present the next access of the batch, or end the batch.
  task present;
    begin
      if (words_left == 0 && next_word == batch_words) finish(CODE_DONE);
      else begin
        if (words_left == 0) begin
          fetch;
          write = fetched[31];
          words_left = {19'b0, fetched[28:16]};
          address = fetched[15:0];
        end
        if (write) fetch;
        wb_stb <= 1;
        wb_we <= write;
        wb_sel <= {4{!address[15]}};
        wb_adr <= address[14:0];
        wb_dat_w <= fetched;
        waited = 0;
      end
    end
  endtask

  always @(posedge clk_bus) begin
    if (!busy) begin
      if (request != acknowledge && $time > requested_ns) begin
        if (!powered) begin
          index = 0;
          read_words = 0;
          address = 0;
          finish(CODE_NO_POWER);
        end else if (ready) begin
          batch_words = {16'b0, doorbell[15:0]};
          next_word = 0;
          words_left = 0;
          index = 0;
          read_words = 0;
          busy = 1;
          present;
        end
      end
    end else if (!powered) finish(CODE_NO_POWER);
    else if (wb_err) finish(CODE_REFUSED);
    else if (wb_ack) begin
      if (!write) store(wb_dat_r);
      address = address + 4;
      words_left = words_left - 1;
      if (words_left == 0) index = index + 1;
      present;
    end else begin
      waited = waited + 1;
      if (waited == HUNG_CLOCKS) finish(CODE_HUNG);
    end
  end
endmodule
/* verilator lint_on BLKSEQ */
