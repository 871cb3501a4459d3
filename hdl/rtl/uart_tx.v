// Sends octets on an asynchronous serial line: 8 data bits, no parity, one stop bit, low bit first.
//
// Clock clk, reset rst; txd is high in reset and between octets. An octet is taken at an edge with valid and ready;
// ready is high when the line is free and clear_to_send is 1 (a level of the domain; tie it to 1 where no such wire
// exists). Octets that wait go out without a gap: ready returns one clock before the stop bit ends.
// A phase accumulator makes the bit time, so BAUD need not divide CLK_HZ; a bit edge is off by less than a clock.
// Parameters: CLK_HZ and BAUD, in Hz; BAUD at most CLK_HZ / 2.
`default_nettype none
`timescale 1ns/1ps

module uart_tx #(
    parameter CLK_HZ = 50_000_000,
    parameter BAUD   = 3_000_000
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       clear_to_send,
    input  wire [7:0] data,
    input  wire       valid,
    output wire       ready,
    output wire       txd
);
    localparam [63:0] CLOCK = CLK_HZ;
    localparam [63:0] RATE  = BAUD;
    localparam [63:0] STEP  = ((RATE << 20) + CLOCK / 2) / CLOCK;  // of the phase, in 2 ** -20 bit
    localparam [3:0]  BITS  = 4'd10;  // start, data, stop

    generate
        if (STEP > 64'd524288 || STEP == 64'd0) begin : range_check
            PARAMETER_BAUD_OUT_OF_RANGE invalid();
        end
    endgenerate

    reg  [8:0]  shift;  // what follows the bit on the line
    reg  [3:0]  left;   // bits of the octet that have not ended
    reg         line;
    reg  [19:0] phase;
    wire [20:0] phase1 = {1'b0, phase} + STEP[20:0];
    wire        tick   = phase1[20];
    wire        free   = left == 4'd0 || (tick && left == 4'd1);

    assign ready = free && clear_to_send;
    assign txd   = line;

    always @(posedge clk) begin
        phase <= phase1[19:0];
        if (tick && left != 4'd0) begin
            {shift, line} <= {1'b1, shift};
            left          <= left - 4'd1;
        end
        if (valid && ready) begin
            {shift, line} <= {1'b1, data, 1'b0};
            left          <= BITS;
            if (left == 4'd0) phase <= 20'd0;  // else the remainder of the last bit counts
        end
        if (rst) begin
            line <= 1'b1;
            left <= 4'd0;
        end
    end
endmodule
