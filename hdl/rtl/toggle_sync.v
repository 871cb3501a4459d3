// Brings an event to the domain of clk: each change of `toggle` becomes one pulse.
//
// A toggle that is sampled first at edge x gives a pulse that logic sees at edge x + 2 (combinational from two
// registers). Data that belong to the event are held still by the sender meanwhile. No reset: what happens in a
// reset is up to the receiver of the pulse.
`default_nettype none
`timescale 1ns/1ps

module toggle_sync (
    input  wire clk,
    input  wire toggle,
    output wire pulse
);
    wire here;
    reg  previous;

    sync_2ff crossing (.clk(clk), .d(toggle), .q(here));
    always @(posedge clk) previous <= here;

    assign pulse = here != previous;
endmodule
