// Device time: whole nanoseconds since power-up, the time of the clk_bus edge before which it is read.
//
// now_ns is floor(k * 1e9 / BUS_HZ) before edge k (k = 1, 2, ...). Never reset. Where the period is no whole number
// of ns, the remainder is accumulated, so that the time does not drift.
// Only the low bits are an adder. When they wrap, the high ones are replaced by their successor, which one full adder has
// made meanwhile, bit by bit.
// Parameters: BUS_HZ, frequency of clk_bus in Hz, at least 13 MHz: a successor is made before the next wrap.
`default_nettype none
`timescale 1ns/1ps

module device_time #(
    parameter BUS_HZ = 50_000_000
) (
    input  wire        clk_bus,
    output wire [63:0] now_ns
);
    localparam       LOW_BITS  = 12;     // wrap after more clocks than the high part has bits, at 40 MHz too
    localparam       HIGH_BITS = 52;
    localparam [31:0]       STEP      = 1_000_000_000 / BUS_HZ;
    localparam [LOW_BITS:0] STEP_NS   = STEP[LOW_BITS:0];
    localparam [31:0]       REMAINDER = 1_000_000_000 % BUS_HZ;  // in units of 1 / BUS_HZ ns
    localparam [31:0]       WHOLE     = BUS_HZ;
    localparam [5:0]        LAST_BIT  = 6'd51;
    localparam [31:0]       CLOCKS_TO_ADD = 53;  // from a wrap to the one that takes the successor

    reg  [LOW_BITS-1:0]  low;
    reg  [HIGH_BITS-1:0] high, successor;
    reg                  adding, carry;
    reg  [5:0]           bits;   // of the successor that have been made
    wire                 extra;  // this step is one ns longer
    wire [LOW_BITS:0]    sum = {1'b0, low} + STEP_NS + {{LOW_BITS{1'b0}}, extra};
    wire                 wraps = sum[LOW_BITS];

    assign now_ns = {high, low};

    initial begin
        low       = STEP_NS[LOW_BITS-1:0];
        high      = 0;
        successor = 1;
        adding    = 1'b0;
        carry     = 1'b0;
        bits      = 6'd0;
    end

    always @(posedge clk_bus) begin
        low <= sum[LOW_BITS-1:0];
        if (adding) begin
            successor <= {successor[0] ^ carry, successor[HIGH_BITS-1:1]};
            carry     <= successor[0] && carry;
            bits      <= bits + 6'd1;
            adding    <= bits != LAST_BIT;
        end
        if (wraps) begin
            high   <= successor;
            adding <= 1'b1;
            carry  <= 1'b1;
            bits   <= 6'd0;
        end
    end

    generate
        if ((STEP + 32'd1) * CLOCKS_TO_ADD > (32'd1 << LOW_BITS)) begin : range_check
            PARAMETER_BUS_HZ_OUT_OF_RANGE invalid();
        end
        if (REMAINDER == 0) begin : whole_period
            assign extra = 1'b0;
        end else begin : fractional_period
            reg  [31:0] fraction;
            wire [31:0] next_fraction = fraction + REMAINDER;
            assign extra = next_fraction >= WHOLE;
            initial fraction = REMAINDER;
            always @(posedge clk_bus) fraction <= extra ? next_fraction - WHOLE : next_fraction;
        end
    endgenerate
endmodule
