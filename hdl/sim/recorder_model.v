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
// Ports: one field for each station, see station_recorder_model.v. The file is the one that +recorder= names; without it
// nothing is recorded. The rise of `finish` (written by name) writes the events that still last, as if they ended then.
module recorder_model #(
    parameter STATIONS = 2
) (
    input wire [   STATIONS-1:0] power,
    input wire [   STATIONS-1:0] irq,
    // MII
    input wire [   STATIONS-1:0] clk,
    input wire [   STATIONS-1:0] tx_en,
    input wire [ 4*STATIONS-1:0] txd,
    input wire [   STATIONS-1:0] rx_dv,
    // observation of the transmit MACs
    input wire [   STATIONS-1:0] mac_reset,
    input wire [   STATIONS-1:0] waiting,
    input wire [   STATIONS-1:0] start,
    input wire [   STATIONS-1:0] collision,
    input wire [   STATIONS-1:0] jam,
    input wire [   STATIONS-1:0] ended,
    input wire [   STATIONS-1:0] collided,
    input wire [   STATIONS-1:0] draw,
    input wire [10*STATIONS-1:0] slots,
    input wire [ 5*STATIONS-1:0] attempt
);
  localparam PATH_OCTETS = 1024;

  reg finish  /*verilator public_flat_rw*/;
  reg [8*PATH_OCTETS-1:0] path;
  reg [31:0] file;  // 0 = nothing is recorded
  time overlap_ns;  // when the second station began to transmit
  reg overlaps;
  reg finished;
  wire [STATIONS-1:0] all_but_one = tx_en & (tx_en - 1);  // not 0 while two or more transmit

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

  genvar i;
  generate
    for (i = 0; i < STATIONS; i = i + 1) begin : station
      station_recorder_model #(
          .STATION(i)
      ) recorder (
          .file(file),
          .finish(finish),
          .power(power[i]),
          .irq(irq[i]),
          .clk(clk[i]),
          .tx_en(tx_en[i]),
          .txd(txd[4*i+:4]),
          .rx_dv(rx_dv[i]),
          .mac_reset(mac_reset[i]),
          .waiting(waiting[i]),
          .start(start[i]),
          .collision(collision[i]),
          .jam(jam[i]),
          .ended(ended[i]),
          .collided(collided[i]),
          .draw(draw[i]),
          .slots(slots[10*i+:10]),
          .attempt(attempt[5*i+:5])
      );
    end
  endgenerate
endmodule
/* verilator lint_on BLKSEQ */
