// Receives octets from an asynchronous serial line: 8 data bits, no parity, one stop bit, low bit first.
//
// Clock clk, reset rst. rxd is a pin; it passes a synchroniser. data is valid in the one clock with valid, half a bit
// time after the stop bit began: so a sender that is up to 4 % fast does not outrun it.
// A phase accumulator gives 16 samples a bit, so BAUD need not divide CLK_HZ. A bit is the majority of the three samples in
// its middle; a start bit that is high there was a glitch and is forgotten. An octet whose stop bit is low is dropped,
// and the line has to be high before the next start bit is looked for (a break gives nothing).
// Parameters: CLK_HZ and BAUD, in Hz; BAUD at most CLK_HZ / 16.
// Not done here: finding the baud rate, parity.
`default_nettype none
`timescale 1ns/1ps

module uart_rx #(
    parameter CLK_HZ = 50_000_000,
    parameter BAUD   = 3_000_000
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       rxd,
    output reg  [7:0] data,
    output reg        valid
);
    localparam [63:0] SAMPLES = 16;  // a bit
    localparam [63:0] CLOCK   = CLK_HZ;
    localparam [63:0] RATE    = BAUD;
    localparam [63:0] STEP    = ((RATE * SAMPLES << 16) + CLOCK / 2) / CLOCK;  // of the phase, in 1 / 65536 sample
    localparam [3:0]  MIDDLE  = 4'd7;  // the last of the three samples that count; a start bit is seen about one late
    localparam [3:0]  STOP    = 4'd9;  // number of the stop bit; the start bit is number 0

    localparam [1:0] IDLE  = 2'd0;  // the line is high
    localparam [1:0] OCTET = 2'd1;  // between a start bit and the middle of its stop bit
    localparam [1:0] BREAK = 2'd2;  // the line was low where a stop bit should be

    generate
        if (STEP > 64'd65536 || STEP == 64'd0) begin : range_check
            PARAMETER_BAUD_OUT_OF_RANGE invalid();
        end
    endgenerate

    wire line;

    // Crossing: an asynchronous pin.
    sync_2ff cross_line (.clk(clk), .d(rxd), .q(line));

    reg  [1:0]  state;
    reg  [15:0] phase;
    reg  [3:0]  sample;  // of the bit, 0 to 15
    reg  [3:0]  number;  // of the bit in the octet
    reg  [1:0]  last;    // the two samples before this one
    wire [16:0] phase1   = {1'b0, phase} + STEP[16:0];
    wire        tick     = phase1[16];
    wire        majority = (line && last[0]) || (line && last[1]) || (last[0] && last[1]);
    wire        decide   = tick && sample == MIDDLE;

    always @(posedge clk) begin
        valid <= 1'b0;
        phase <= phase1[15:0];
        if (tick) begin
            sample <= sample + 4'd1;
            last   <= {last[0], line};
            if (sample == 4'd15) number <= number + 4'd1;
        end
        case (state)
            IDLE: begin
                phase  <= 16'd0;
                sample <= 4'd0;
                number <= 4'd0;
                if (!line) state <= OCTET;
            end
            OCTET:
                if (decide) begin
                    if (number == 4'd0) begin
                        if (majority) state <= IDLE;
                    end else if (number == STOP) begin
                        valid <= majority;
                        state <= majority ? IDLE : BREAK;
                    end else data <= {majority, data[7:1]};
                end
            default: if (line) state <= IDLE;
        endcase
        if (rst) begin
            state <= BREAK;
            valid <= 1'b0;
        end
    end
endmodule
