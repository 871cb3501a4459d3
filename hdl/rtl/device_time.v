// Device time: whole nanoseconds since power-up, the time of the clk_bus edge before which it is read.
//
// now_ns is floor(k * 1e9 / BUS_HZ) before edge k (k = 1, 2, ...). Never reset. Where the period is no whole number
// of ns, the remainder is accumulated, so that the time does not drift.
// Parameters: BUS_HZ, frequency of clk_bus in Hz.
`default_nettype none
`timescale 1ns/1ps

module device_time #(
    parameter BUS_HZ = 50_000_000
) (
    input  wire        clk_bus,
    output reg  [63:0] now_ns
);
    localparam [63:0] STEP_NS   = 1_000_000_000 / BUS_HZ;
    localparam [31:0] REMAINDER = 1_000_000_000 % BUS_HZ;  // in units of 1 / BUS_HZ ns
    localparam [31:0] WHOLE     = BUS_HZ;

    initial now_ns = STEP_NS;

    generate
        if (REMAINDER == 0) begin : whole_period
            always @(posedge clk_bus) now_ns <= now_ns + STEP_NS;
        end else begin : fractional_period
            reg  [31:0] fraction;
            wire [31:0] sum   = fraction + REMAINDER;
            wire        carry = sum >= WHOLE;
            initial fraction = REMAINDER;
            always @(posedge clk_bus) begin
                fraction <= carry ? sum - WHOLE : sum;
                now_ns   <= now_ns + STEP_NS + {63'b0, carry};
            end
        end
    endgenerate
endmodule
