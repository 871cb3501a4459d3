`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
// Writes what stations and medium did, and the frames on the wire, as lines of text; nothing here comes from software.
//
// The events and their times are defined in docs/adapter.md ("What is recorded"). A line is written when its event ends:
//
//   event KIND STATION T_NS END_NS FRAME_ID ATTEMPT SLOTS COLLISION_BIT    a field that does not apply is -1,
//                                                                          STATION -1 is the medium
//   frame STATION T_NS OCTETS                                              hexadecimal, after the SFD, FCS included
//
// Each station has a station_recorder_model, which writes what that station did; this module has the file, and writes what
// lies between stations. The file is the one that +recorder= names; without it nothing is recorded. The rise of `finish`
// (written by name) writes the events that still last, as if they ended then.
//
// Ports: tx_en is that of each station; `file` and `finishes` are for the recorders of the stations.
module recorder_model #(
    parameter STATIONS = 2
) (
    input  wire [STATIONS-1:0] tx_en,
    output reg  [        31:0] file,  // 0 = nothing is recorded
    output wire                finishes
);
  localparam PATH_OCTETS = 1024;

  reg finish  /*verilator public_flat_rw*/;
  reg [8*PATH_OCTETS-1:0] path;
  time overlap_ns;  // when the second station began to transmit
  reg overlaps;
  reg finished;
  wire [STATIONS-1:0] all_but_one = tx_en & (tx_en - 1);  // not 0 while two or more transmit

  assign finishes = finish;

  initial begin
    finish = 0;
    finished = 0;
    overlaps = 0;
    overlap_ns = 0;
    if ($value$plusargs("recorder=%s", path)) file = $fopen(path, "w");
    else file = 0;
  end

  always @(tx_en or finish) begin
    if (all_but_one != 0 && !overlaps) begin
      overlaps = 1;
      overlap_ns = $time;
    end else if (overlaps && (all_but_one == 0 || finish)) begin
      overlaps = 0;
      if (file != 0 && !finished) $fwrite(file, "event collision -1 %0d %0d -1 -1 -1 -1\n", overlap_ns, $time);
    end
    if (finish && !finished) begin
      finished = 1;
      if (file != 0) $fflush(file);
    end
  end

endmodule
/* verilator lint_on BLKSEQ */
