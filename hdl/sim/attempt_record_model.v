`default_nettype none
`timescale 1ns/1ps
/* verilator lint_off BLKSEQ */  // a behavioural model: its variables change as the text runs
// Writes one line for each attempt of one transmitter: what the functional coverage of CSMA/CD is counted from.
//
//   ATTEMPT BIT OCTETS    decimal. BIT: bit time of the edge that acted on a collision, from the start; -1 without one.
//                         OCTETS: of the whole frame, FCS included
//
// Ports: clk is the MII clock; request_octets, request_pad and request_fcs are what the MAC was asked to send, the observe
// group is that of nic_mii. The file is the one that +attempts= names; without it nothing is recorded. An attempt that a reset
// cuts short is not written. Several stations of a bench write to the same file.
module attempt_record_model (
    input wire        clk,
    input wire        mac_reset,
    input wire        full_duplex,
    input wire [10:0] request_octets,
    input wire        request_pad,
    input wire        request_fcs,
    input wire        start,
    input wire        collision,
    input wire        ended,
    input wire [ 4:0] attempt
);
  localparam PATH_OCTETS = 1024;
  localparam FCS_OCTETS = 4;
  localparam LEAST_OCTETS = 60;  // without the FCS

  reg [8*PATH_OCTETS-1:0] path;
  reg [31:0] file;
  reg active;
  reg [4:0] present;
  integer edges;
  integer collision_bit;
  integer octets;

  initial begin
    active = 0;
    present = 0;
    edges = 0;
    collision_bit = -1;
    octets = 0;
    if ($value$plusargs("attempts=%s", path)) file = $fopen(path, "a");
    else file = 0;
  end

  always @(posedge clk)
    if (file != 0 && !full_duplex) begin
      if (active) begin
        edges = edges + 1;
        if (collision) collision_bit = 4 * edges;
        if (ended && !mac_reset) begin
          $fwrite(file, "%0d %0d %0d\n", present, collision_bit, octets);
          $fflush(file);  // a whole line at a time, because other stations write there too
        end
        if (ended || mac_reset) active = 0;
      end
      if (start && !mac_reset) begin
        active = 1;
        present = attempt;
        edges = 0;
        collision_bit = -1;
        octets = {21'b0, request_octets};
        if (request_fcs) octets = (request_pad && octets < LEAST_OCTETS ? LEAST_OCTETS : octets) + FCS_OCTETS;
      end
    end
endmodule
/* verilator lint_on BLKSEQ */
