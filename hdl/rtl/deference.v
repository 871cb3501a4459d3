// The deference process of a clause 4 MAC with the two-part interpacket gap, one TX_CLK edge at a time.
//
// IEEE Std 802.3-2022 4.2.8 (Deference), 4.2.3.2.1; docs/adapter.md "Transmit MAC and CSMA/CD".
// Clock clk_tx; rst puts it into WATCH. Inputs: carrier_sense, synchronised (ignored in full duplex);
// transmitting_next, TX_EN as it will be after this edge; part1_nibbles and part2_nibbles, the parts of the gap
// (together at least one nibble is waited).
// Outputs: may_start, combinational: a waiting frame starts at this edge; deferring, a register; blank, a register:
// the own receiver must not listen (half duplex, from the start of a transmission until the carrier is gone).
// After carrier that was not our own, carrier during part 1 restarts the gap; after our own transmission, and in
// part 2, carrier is ignored, and a waiting frame starts into it, which keeps access fair.
`default_nettype none
`timescale 1ns/1ps

module deference (
    input  wire       clk_tx,
    input  wire       rst,
    input  wire       full_duplex,
    input  wire [5:0] part1_nibbles,
    input  wire [5:0] part2_nibbles,
    input  wire       carrier_sense,
    input  wire       transmitting_next,
    output wire       may_start,
    output wire       deferring,
    output reg        blank
);
    localparam [1:0] WATCH = 2'b00;  // medium free: a frame starts at once
    localparam [1:0] BUSY  = 2'b01;  // carrier, own or foreign
    localparam [1:0] GAP   = 2'b11;  // no carrier: the gap is being counted
    localparam [6:0] FULL  = 7'd126;

    reg [1:0] state, state_next;
    reg       had_transmitted, had_transmitted_next;  // in the present busy period
    reg [6:0] left;                                   // 127 less the nibbles of the gap after the next edge
    reg       over, in_part1;                         // of the gap, at this edge

    wire       carrier_in = carrier_sense && !full_duplex;
    wire [6:0] total      = {1'b0, part1_nibbles} + {1'b0, part2_nibbles};

    // The gap is counted down, so that a part is over when its sum with the rest has no carry.
    wire       below_part1, below_total;
    wire [6:0] unused_part1_sum, unused_total_sum;
    assign {below_part1, unused_part1_sum} = {2'b0, part1_nibbles} + {1'b0, left};
    assign {below_total, unused_total_sum} = {1'b0, total} + {1'b0, left};

    assign may_start = (state == WATCH && !carrier_in) || (state == GAP && over);
    assign deferring = state[0];

    always @* begin
        state_next           = state;
        had_transmitted_next = had_transmitted;
        case (state)
            WATCH:
                if (carrier_in || transmitting_next) begin
                    state_next           = BUSY;
                    had_transmitted_next = transmitting_next;
                end
            BUSY: begin
                if (transmitting_next) had_transmitted_next = 1'b1;
                if (!carrier_in && !transmitting_next) state_next = GAP;
            end
            GAP: begin
                if (transmitting_next) begin
                    state_next           = BUSY;
                    had_transmitted_next = 1'b1;
                end else if (over) begin
                    state_next           = carrier_in ? BUSY : WATCH;
                    had_transmitted_next = 1'b0;
                end else if (in_part1 && !had_transmitted && carrier_in) begin
                    state_next = BUSY;
                end
            end
            default: state_next = WATCH;
        endcase
    end

    always @(posedge clk_tx) begin
        left            <= state_next == GAP ? left - 7'd1 : FULL;
        over            <= !below_total;
        in_part1        <= below_part1;
        had_transmitted <= had_transmitted_next;
        state           <= state_next;
        blank           <= !full_duplex && (transmitting_next || (blank && carrier_sense));
        if (rst) begin
            state           <= WATCH;
            blank           <= 1'b0;
            had_transmitted <= 1'b0;
            left            <= FULL;
        end
    end

`ifdef FORMAL
`include "deference_properties.vh"
`endif
endmodule
