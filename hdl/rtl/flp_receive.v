// Fast link pulse bursts: reads the word of each, and tells a burst from a single link pulse.
//
// IEEE Std 802.3-2022 28.2.2.1, figure 28-17; twin: firmware_models/phy/negotiation.py. Clock clk. Times are counted in eighths of a
// position (7.8 us), a count of n is n - 1 to n of them: after a clock pulse, one that comes 24 to 94 us later is data
// (data_detect_min_timer 15 .. 47 us, max 78 .. 100 us), one up to 172 us later the next clock (flp_test_max_timer 165 ..
// 185 us), and a longer silence ends the burst.
// word_done: one clock, with the word complete in `word` (17 clock pulses have come); single: one clock, when silence
// ends a burst of a single pulse, which is a link pulse.
`default_nettype none
`timescale 1ns/1ps

module flp_receive (
    input  wire        clk,
    input  wire        rst,
    input  wire        eighth,
    input  wire        pulse_seen,
    output reg  [15:0] word,
    output reg         word_done,
    output reg         single
);
    localparam [4:0] DATA_MIN  = 5'd3;
    localparam [4:0] DATA_MAX  = 5'd12;
    localparam [4:0] CLOCK_MAX = 5'd22;
    localparam [4:0] CLOCKS    = 5'd17;

    reg [4:0] gap;      // eighths since the last pulse, saturating at CLOCK_MAX
    reg [4:0] clocks;   // clock pulses of this burst
    reg       is_one;   // a data pulse has come since the last clock pulse

    wire is_over = gap == CLOCK_MAX;
    wire is_data = gap <= DATA_MAX && !is_one;
    wire is_glitch = gap < DATA_MIN;

    always @(posedge clk) begin
        word_done <= 1'b0;
        single    <= 1'b0;
        if (eighth && !is_over) begin
            gap <= gap + 5'd1;
            if (gap == CLOCK_MAX - 5'd1) begin
                single <= clocks == 5'd1 && !is_one;
                clocks <= 5'd0;
            end
        end
        if (pulse_seen && (is_over || !is_glitch)) begin
            gap    <= 5'd0;
            is_one <= !is_over && is_data;
            if (is_over) clocks <= 5'd1;
            else if (!is_data && clocks != CLOCKS) begin
                clocks <= clocks + 5'd1;
                word   <= {is_one, word[15:1]};
                word_done <= clocks == CLOCKS - 5'd1;
            end
        end
        if (rst) begin
            gap    <= CLOCK_MAX;
            clocks <= 5'd0;
            is_one <= 1'b0;
        end
    end
endmodule
