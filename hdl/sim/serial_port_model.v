`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs, what leaves it by <=
// The host's end of a serial line, 8N1: a program outside the simulation hands over, and is given, whole chunks of octets.
//
// To the board: the program writes `outgoing` (the first octet in bits 7..0) and `doorbell` (bit 15 changes, bits 14..0 are the
// number of octets, at most CHUNK_OCTETS). They join a queue of QUEUE_OCTETS, which the program must not overrun; `queued` is
// how many octets were ever taken into it, `begun` how many of them have gone onto the line. `drained` changes when the queue has run down to
// LOW_OCTETS.
// From the board: `arrived` changes when `incoming_octets` octets are in `incoming`; they stay for an octet time at least. That is
// so at the delimiter (octet 0) that ends a frame of the board link, after CHUNK_OCTETS, or when the line has been quiet for
// QUIET_BITS: so whole frames cross at once.
// Ports: rxd and txd are those of the board; `cut` breaks the line in both directions (the board then sees it idle).
// An octet takes 10 bits of 1e9 / BAUD ns; it is sampled in the middle of its bits, and dropped, and counted in
// `framing_errors`, if its stop bit is low.
module serial_port_model #(
    parameter BAUD = 3_000_000
) (
    output wire rxd,
    input  wire txd,
    input  wire cut,
    output reg  arrived,
    output reg  drained
);
  localparam CHUNK_OCTETS = 512;
  localparam QUEUE_BITS = 14;
  localparam QUEUE_OCTETS = 1 << QUEUE_BITS;
  localparam [31:0] LOW_OCTETS = 64;
  localparam QUIET_BITS = 40;
  localparam real BIT_NS = 1.0e9 / BAUD;

  // Written and read by name through VPI.
  reg [15:0] doorbell  /*verilator public_flat_rw*/;
  reg [8*CHUNK_OCTETS-1:0] outgoing  /*verilator public_flat_rw*/;
  reg [8*CHUNK_OCTETS-1:0] incoming  /*verilator public_flat_rd*/;
  reg [15:0] incoming_octets  /*verilator public_flat_rd*/;
  reg [31:0] queued  /*verilator public_flat_rd*/;
  reg [31:0] begun  /*verilator public_flat_rd*/;
  reg [31:0] framing_errors  /*verilator public_flat_rd*/;

  initial begin
    doorbell = 0;
    outgoing = 0;
    incoming = 0;
    incoming_octets = 0;
    queued = 0;
    begun = 0;
    framing_errors = 0;
    arrived = 0;
    drained = 0;
  end

  // --- to the board ---
  reg [7:0] queue[0:QUEUE_OCTETS-1];
  reg bell;
  reg line;
  reg [7:0] octet_out;
  integer i, bit_out;

  assign rxd = line || cut;

  initial bell = 0;
  always @(doorbell)
    if (doorbell[15] != bell) begin
      bell = doorbell[15];
      for (i = 0; i < {17'b0, doorbell[14:0]}; i = i + 1) begin
        queue[queued[QUEUE_BITS-1:0]] = outgoing[8*i+:8];
        queued = queued + 1;
      end
    end

  initial line = 1;
  always begin
    wait (queued != begun);
    octet_out = queue[begun[QUEUE_BITS-1:0]];
    begun = begun + 1;
    if (queued - begun == LOW_OCTETS || queued == begun) drained <= !drained;
    line = 0;
    #(BIT_NS);
    for (bit_out = 0; bit_out < 8; bit_out = bit_out + 1) begin
      line = octet_out[bit_out];
      #(BIT_NS);
    end
    line = 1;
    #(BIT_NS);
  end

  // --- from the board ---
  reg [8*CHUNK_OCTETS-1:0] collected;
  reg [7:0] octet_in;
  integer held;  // octets that are collected
  integer total;  // octets ever, to find the line quiet
  integer seen;
  integer bit_in;
  wire heard = txd || cut;

  task give;
    begin
      incoming = collected;
      incoming_octets = held[15:0];
      held = 0;
      arrived <= !arrived;
    end
  endtask

  initial begin
    held = 0;
    total = 0;
    collected = 0;
  end
  always begin
    @(negedge heard);
    #(BIT_NS / 2);
    if (!heard) begin
      for (bit_in = 0; bit_in < 8; bit_in = bit_in + 1) begin
        #(BIT_NS);
        octet_in[bit_in] = heard;
      end
      #(BIT_NS);
      if (heard) begin
        collected[8*held+:8] = octet_in;
        held = held + 1;
        total = total + 1;
        if (held == CHUNK_OCTETS || (octet_in == 0 && held > 1)) give;
      end else framing_errors = framing_errors + 1;
    end
  end

  always begin
    wait (held != 0);
    seen = total;
    #(QUIET_BITS * BIT_NS);
    if (held != 0 && total == seen) give;
  end
endmodule
/* verilator lint_on BLKSEQ */
