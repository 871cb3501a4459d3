// What a received frame is: the tests of clause 4.2.9 in their order. Combinational, from the end mark and the
// results of rx_filter.
//
// IEEE Std 802.3-2022 4.2.9, 4.3.2; docs/adapter.md "Receive MAC". octets: destination address to FCS.
// status: the bits of RX_STATUS; exactly one of OK .. OUT_OF_RANGE_LENGTH is set. accepted: to be stored. counted:
// of 64 octets or more and addressed to us, so that counters and RX_ERR see it.
`default_nettype none
`timescale 1ns/1ps

module rx_judge (
    // End mark
    input  wire [10:0] octets,
    input  wire        fcs_good,
    input  wire        dribble,
    input  wire        symbol_error,
    input  wire        cut,
    // Filter
    input  wire        is_ours,
    input  wire        is_multicast,
    input  wire        is_broadcast,
    input  wire [15:0] length_type,
    // Configuration
    input  wire [10:0] frame_spare,     // 2047 - MAX_FRAME
    input  wire        accept_runt,
    input  wire        accept_errors,
    // Judgement
    output wire [10:0] status,
    output wire        counted,
    output wire        accepted
);
    localparam [10:0] MINIMUM_OCTETS      = 11'd64;
    localparam [10:0] HEADER_OCTETS       = 11'd14;
    localparam [10:0] OVERHEAD_OCTETS     = 11'd18;    // addresses, Length/Type and FCS
    localparam [15:0] MINIMUM_DATA        = 16'd46;
    localparam [15:0] MAXIMUM_DATA        = 16'd1500;
    localparam [15:0] MINIMUM_TYPE        = 16'd1536;

    wire        above_maximum;
    wire [10:0] unused_sum;
    assign {above_maximum, unused_sum} = {1'b0, octets} + {1'b0, frame_spare};

    wire runt     = octets < MINIMUM_OCTETS;
    wire too_long = above_maximum || cut;
    wire good     = fcs_good && !symbol_error;

    // A Length of at least the minimum must be the size of the data; a smaller one goes with exactly the minimum of data.
    wire        is_length = length_type <= MAXIMUM_DATA;
    wire [10:0] expected  = length_type < MINIMUM_DATA ? MINIMUM_DATA[10:0] : length_type[10:0];
    wire        wrong     = is_length && expected != octets - OVERHEAD_OCTETS;
    wire        undefined = !is_length && length_type < MINIMUM_TYPE;

    wire in_range_length     = !runt && good && !too_long && wrong;
    wire out_of_range_length = !runt && good && !too_long && undefined;
    wire long_error          = !runt && too_long;
    wire bad                 = !good && !long_error;
    wire ok                  = good && !long_error && !in_range_length && !out_of_range_length;

    assign status   = {symbol_error, dribble, is_broadcast, is_multicast, runt,
                       out_of_range_length, in_range_length, long_error, bad && dribble, bad && !dribble, ok};
    assign counted  = is_ours && !runt;
    assign accepted = is_ours && (runt ? accept_runt && octets >= HEADER_OCTETS : 1'b1) && (ok || accept_errors);
endmodule
