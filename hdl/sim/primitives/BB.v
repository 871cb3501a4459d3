`default_nettype none
`timescale 1ns/1ps
// Model of a bidirectional pad of an ECP5, for lint and for simulation of a board's top: B is driven with I while T is 0.
module BB (
    inout  wire B,
    input  wire I,
    input  wire T,
    output wire O
);
  assign B = T ? 1'bz : I;
  assign O = B;
endmodule
