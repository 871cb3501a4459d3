// Power-on reset of a board: holds rst until what is not ready (a PLL, a push-button) has been quiet for a while.
//
// Clock clk, which need not run yet. hold is asynchronous. rst is 1 from power-up on, and falls 2 ** BITS clocks after hold was
// last seen: 1.3 ms at 50 MHz, longer than a push-button bounces and than a PHY needs its clock before its first frame.
// Parameters: BITS.
`default_nettype none
`timescale 1ns/1ps

module board_reset #(
    parameter BITS = 16
) (
    input  wire clk,
    input  wire hold,
    output reg  rst
);
    reg  [BITS-1:0] count;
    wire            is_held;

    // Crossing: a level from outside.
    sync_2ff cross_hold (.clk(clk), .d(hold), .q(is_held));

    initial begin
        count = 0;
        rst   = 1'b1;
    end
    always @(posedge clk) begin
        count <= count + 1;
        if (&count) rst <= 1'b0;
        if (is_held) begin
            count <= 0;
            rst   <= 1'b1;
        end
    end
endmodule
