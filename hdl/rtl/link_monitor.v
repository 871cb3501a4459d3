// Tells when the synchronised link signal changes.
//
// Clock clk_bus; change is a pulse at the edge at which link differs from what it was at the edge before. In reset
// (rst) link is only followed, so that coming up with a link is no change.
`default_nettype none
`timescale 1ns/1ps

module link_monitor (
    input  wire clk_bus,
    input  wire rst,
    input  wire link,
    output wire change
);
    reg previous;

    always @(posedge clk_bus) previous <= link;

    assign change = link != previous && !rst;
endmodule
