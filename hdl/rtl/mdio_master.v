// Management of the PHY: clause 22 frames on MDC and MDIO, started by a write to the MDIO register.
//
// IEEE Std 802.3-2022 22.2.4.5, 22.3.4; docs/adapter.md "MDIO". Clock clk_bus; rst ends a frame at once. A write
// while busy is ignored.
// A bit lasts 2 * HALF clocks: MDC low, then high; MDIO changes where the bit begins and is sampled where MDC
// rises. done is a pulse at the edge at which the last bit ends. A pad drives mdio_o while mdio_oe is 1, and a
// pull-up makes an absent PHY read 0xFFFF.
// Parameters: BUS_HZ; MDC runs at 2.5 MHz or below.
`default_nettype none
`timescale 1ns/1ps

module mdio_master #(
    parameter BUS_HZ = 50_000_000
) (
    input  wire        clk_bus,
    input  wire        rst,
    // Access
    input  wire        write_mdio,     // a write to MDIO
    input  wire [31:0] write_data,
    output wire [31:0] read_data,      // BUSY, NO_ANSWER, DATA; the rest of MDIO is in the register file
    output wire        done,
    // Pads
    output reg         mdc,
    output reg         mdio_o,
    output reg         mdio_oe,
    input  wire        mdio_i
);
`include "nic_regmap.vh"
    localparam [31:0] HALF       = (BUS_HZ + 4_999_999) / 5_000_000;  // bus clocks in half a bit
    localparam       CLOCK_BITS  = $clog2(HALF);
    localparam [31:0] LAST       = HALF - 32'd1;
    localparam [CLOCK_BITS-1:0] LAST_CLOCK = LAST[CLOCK_BITS-1:0];
    localparam [6:0] FRAME_BITS  = 7'd32;  // start to data, without preamble
    localparam [6:0] LONG_BITS   = 7'd64;
    localparam [6:0] ANSWER_BITS = 7'd18;  // turnaround and data: in a read the PHY's
    localparam [6:0] DATA_BITS   = 7'd16;
    localparam [1:0] START       = 2'b01;
    localparam [1:0] OP_READ     = 2'b10;
    localparam [1:0] OP_WRITE    = 2'b01;
    localparam [1:0] TURNAROUND  = 2'b10;

    reg        write, no_answer, busy;
    reg [31:0] frame;       // rotates; a read takes its answer in from below
    reg [6:0]  bits_left;   // not yet begun
    reg [CLOCK_BITS-1:0] clocks_left; // of this half of the bit
    reg        second_half;
    wire       mdio_here;

    // Crossing: an asynchronous pin, stable long before it is sampled.
    sync_2ff cross_mdio (.clk(clk_bus), .d(mdio_i), .q(mdio_here));

    wire       start     = write_mdio && !busy;
    wire       half_end  = busy && clocks_left == 0;
    wire       bit_end   = half_end && second_half;
    wire       rise      = half_end && !second_half;
    wire       preamble  = bits_left >= FRAME_BITS;  // while a bit is under way
    wire [9:0] new_target = write_data[MDIO_REGAD_LSB +: MDIO_REGAD_WIDTH + MDIO_PHYAD_WIDTH];

    assign done      = bit_end && bits_left == 7'd0;
    assign read_data = {busy, no_answer, 14'd0, frame[15:0]};

    always @(posedge clk_bus) begin
        clocks_left <= clocks_left - 1'b1;
        if (half_end) clocks_left <= LAST_CLOCK;
        if (bit_end) begin
            mdc         <= 1'b0;
            second_half <= 1'b0;
            bits_left   <= bits_left - 7'd1;
            mdio_o      <= bits_left > FRAME_BITS || frame[31];
            mdio_oe     <= write || bits_left > ANSWER_BITS;
            if (done) begin
                busy    <= 1'b0;
                mdio_oe <= 1'b0;
            end
        end
        if (rise) begin
            mdc         <= 1'b1;
            second_half <= 1'b1;
            if (!preamble) frame <= {frame[30:0], write ? frame[31] : mdio_here};
            if (!write && bits_left == DATA_BITS) no_answer <= mdio_here;
        end
        if (start) begin
            busy        <= 1'b1;
            write       <= write_data[MDIO_WRITE_LSB];
            frame       <= {START, write_data[MDIO_WRITE_LSB] ? OP_WRITE : OP_READ, new_target, TURNAROUND, write_data[15:0]};
            bits_left   <= write_data[MDIO_NO_PREAMBLE_LSB] ? FRAME_BITS : LONG_BITS;
            clocks_left <= 0;
            second_half <= 1'b1;  // the first bit begins at the next edge
        end
        if (rst) begin
            busy        <= 1'b0;
            write       <= 1'b0;
            no_answer   <= 1'b0;
            frame       <= 32'd0;
            mdc         <= 1'b0;
            mdio_o      <= 1'b0;
            mdio_oe     <= 1'b0;
        end
    end
endmodule
