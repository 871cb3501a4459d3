// A pulse every CLOCKS clocks, by which the long timers of a PHY count.
//
// Clock clk; the first pulse comes CLOCKS clocks after rst. Parameter CLOCKS: 2 .. 65536; 60 000 is 1 ms at 60 MHz,
// smaller ones shorten every timer in tests.
`default_nettype none
`timescale 1ns/1ps

module millisecond_tick #(
    parameter CLOCKS = 60_000
) (
    input  wire clk,
    input  wire rst,
    output reg  tick
);
    localparam [15:0] LAST = CLOCKS - 1;

    reg [15:0] count;

    always @(posedge clk) begin
        tick  <= count == LAST && !rst;
        count <= count == LAST || rst ? 16'd0 : count + 16'd1;
    end

    generate
        if (CLOCKS < 2 || CLOCKS > 65536) begin : bad_clocks
            PARAMETER_CLOCKS_OUT_OF_RANGE invalid();
        end
    endgenerate
endmodule
