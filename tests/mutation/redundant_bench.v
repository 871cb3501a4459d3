// Plays all inputs to `redundant` and prints what comes out.
`default_nettype none
`timescale 1ns/1ps

module redundant_bench;
    reg clk = 1'b0, a = 1'b0, b = 1'b0;
    wire [3:0] count;
    wire same;
    integer step;
    redundant dut (.clk(clk), .a(a), .b(b), .count(count), .same(same));
    initial for (step = 0; step < 64; step = step + 1) begin
        {b, a} = step[1:0];
        #1 clk = 1'b1;
        #1 clk = 1'b0;
        $display("%d %b", count, same);
    end
endmodule
