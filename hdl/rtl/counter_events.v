// Turns the end of a frame into increments of management counters, one per turn of the slot wheel.
//
// Rules: docs/adapter.md "Counters and interrupts" (clause 30 attributes, IEEE Std 802.3-2022 5.2.4). Clock
// clk_bus; only power-on (rst) forgets increments that wait. tx_done and rx_end are pulses with their qualifiers, of which
// tx_status and tx_late_collisions are held still until the next tx_done;
// from the edge with slot_bus on, op_valid, op_index and op_increment show one increment for one turn, unless hold, which
// makes the increment 0.
// A scanner steps through the list of counters, one a clock, and stops at each that the frame moves until its increment
// has gone out: a frame takes some 15 clocks and a turn for each of its counters, less than the shortest takes on the
// medium. The symbol error goes before all, without the scanner: fragments can follow each other faster than that.
`default_nettype none
`timescale 1ns/1ps

module counter_events (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_bus,
    input  wire        hold,
    // Transmit
    input  wire        tx_done,
    input  wire [12:0] tx_status,       // TX_STATUS bits 12..0
    input  wire [4:0]  tx_late_collisions,
    input  wire [10:0] tx_octets,       // one more than were sent, with pad and FCS
    input  wire        tx_control,
    input  wire        tx_multicast,
    input  wire        tx_broadcast,
    input  wire        full_duplex,
    // Receive
    input  wire        rx_end,
    input  wire        rx_counted,
    input  wire [10:0] rx_status,       // RX_STATUS bits
    input  wire [10:0] rx_octets,
    input  wire        rx_overrun,
    input  wire        rx_pause,
    // Increment
    output reg         op_valid,
    output reg  [5:0]  op_index,
    output reg  [10:0] op_increment
);
`include "nic_regmap.vh"
    localparam [10:0] OVERHEAD_OCTETS = 11'd18;  // header and FCS
    localparam        FIRST           = CNT_AFRAMESRECEIVEDOK;  // the received half of the list
    localparam [5:0]  TX_OCTETS       = CNT_AOCTETSTRANSMITTEDOK[5:0];
    localparam [5:0]  RX_OCTETS       = CNT_AOCTETSRECEIVEDOK[5:0];
    localparam [5:0]  LATE            = CNT_ALATECOLLISIONS[5:0];
    localparam [5:0]  SYMBOL          = CNT_ASYMBOLERRORDURINGCARRIER[5:0];
    localparam [5:0]  TABLE           = CNT_ACOLLISIONFRAMES_1[5:0];
    localparam        COLLISION_TABLE = 14;      // step for aCollisionFrames, which has no counter of that index
    localparam        MAX_TABLE       = 15;      // aCollisionFrames[1] .. [15]
    localparam [3:0]  LAST_STEP       = 4'd15;   // of each half; none of them has a counter of this index

    // The frame of each direction
    reg [10:0] tx_frame_octets, rx_frame_octets;
    reg        control, multicast, broadcast, half_duplex;
    reg [10:0] rx_frame_status;
    reg        overrun, pause;

    // The scanner: its counter, or its half of the list that nothing has happened in
    reg [4:0]  scan;
    reg        tx_new, rx_new;          // a frame waits for the scanner to come
    reg        tx_scanned, rx_scanned;  // a frame is being scanned for
    reg        symbol;

    wire ok       = tx_status[TX_STATUS_OK_LSB];
    wire received = rx_frame_status[RX_STATUS_OK] && !overrun;
    wire [4:0] collisions = tx_status[TX_STATUS_COLLISIONS_LSB +: TX_STATUS_COLLISIONS_WIDTH];

    reg [15:0] tx_moves, rx_moves;  // bit n: counter n, and counter FIRST + n
    always @* begin
        tx_moves = 16'd0;
        tx_moves[CNT_AFRAMESTRANSMITTEDOK]            = ok;
        tx_moves[CNT_ASINGLECOLLISIONFRAMES]          = ok && collisions == 5'd1;
        tx_moves[CNT_AMULTIPLECOLLISIONFRAMES]        = ok && collisions > 5'd1;
        tx_moves[CNT_ADEFERREDTRANSMISSIONS]          = ok && collisions == 5'd0 && tx_status[TX_STATUS_DEFERRED_LSB] && half_duplex;
        tx_moves[CNT_ALATECOLLISIONS]                 = tx_late_collisions != 5'd0;
        tx_moves[CNT_AFRAMESABORTEDDUETOXSCOLLS]      = tx_status[TX_STATUS_EXC_COL_LSB];
        tx_moves[CNT_AFRAMESWITHEXCESSIVEDEFERRAL]    = tx_status[TX_STATUS_EXC_DEFERRAL_LSB];
        tx_moves[CNT_ACARRIERSENSEERRORS]             = tx_status[TX_STATUS_CRS_LOST_LSB];
        tx_moves[CNT_AFRAMESLOSTDUETOINTMACXMITERROR] = tx_status[TX_STATUS_UNDERRUN_LSB];
        tx_moves[CNT_ASQETESTERRORS]                  = tx_status[TX_STATUS_SQE_MISSING_LSB];
        tx_moves[CNT_AOCTETSTRANSMITTEDOK]            = ok;
        tx_moves[CNT_AMULTICASTFRAMESXMITTEDOK]       = ok && multicast && !broadcast;
        tx_moves[CNT_ABROADCASTFRAMESXMITTEDOK]       = ok && broadcast;
        tx_moves[CNT_APAUSEMACCTRLFRAMESTRANSMITTED]  = ok && control;
        tx_moves[COLLISION_TABLE]                     = ok && collisions != 5'd0 && collisions <= MAX_TABLE;
        rx_moves = 16'd0;
        rx_moves[CNT_AFRAMESRECEIVEDOK - FIRST]              = received;
        rx_moves[CNT_AFRAMECHECKSEQUENCEERRORS - FIRST]      = rx_frame_status[RX_STATUS_FCS_ERROR];
        rx_moves[CNT_AALIGNMENTERRORS - FIRST]               = rx_frame_status[RX_STATUS_ALIGNMENT_ERROR];
        rx_moves[CNT_AFRAMETOOLONGERRORS - FIRST]            = rx_frame_status[RX_STATUS_TOO_LONG];
        rx_moves[CNT_AINRANGELENGTHERRORS - FIRST]           = rx_frame_status[RX_STATUS_IN_RANGE_LENGTH];
        rx_moves[CNT_AOUTOFRANGELENGTHFIELD - FIRST]         = rx_frame_status[RX_STATUS_OUT_OF_RANGE_LENGTH];
        rx_moves[CNT_AFRAMESLOSTDUETOINTMACRCVERROR - FIRST] = rx_frame_status[RX_STATUS_OK] && overrun;
        rx_moves[CNT_AOCTETSRECEIVEDOK - FIRST]              = received;
        rx_moves[CNT_AMULTICASTFRAMESRECEIVEDOK - FIRST]     = received && rx_frame_status[RX_STATUS_MULTICAST];
        rx_moves[CNT_ABROADCASTFRAMESRECEIVEDOK - FIRST]     = received && rx_frame_status[RX_STATUS_BROADCAST];
        rx_moves[CNT_APAUSEMACCTRLFRAMESRECEIVED - FIRST]    = pause;
    end

    wire       in_rx   = scan[4];
    wire       scanned = in_rx ? rx_scanned : tx_scanned;
    wire       moves   = scanned && (in_rx ? rx_moves[scan[3:0]] : tx_moves[scan[3:0]]);
    wire       grant   = slot_bus && !hold && !symbol;
    wire       leave   = scan[3:0] == LAST_STEP || (scan[3:0] == 4'd0 && !scanned);  // for the other half

    // Octets of data and pad, 2029 at most; none in a frame that came with its own FCS and is up to four octets shorter than
    // header and FCS. One more than 2047 octets sent is 0, which the difference has room for.
    wire [10:0] data    = (in_rx ? rx_frame_octets : tx_frame_octets) - (OVERHEAD_OCTETS | {10'd0, !in_rx});
    wire        is_none = data > 11'd2029;

    always @(posedge clk_bus) begin
        if (tx_done) begin
            tx_frame_octets <= tx_octets;
            control         <= tx_control;
            multicast       <= tx_multicast;
            broadcast       <= tx_broadcast;
            half_duplex     <= !full_duplex;
        end
        if (rx_end && rx_counted) begin
            rx_frame_octets <= rx_octets;
            rx_frame_status <= rx_status;
            overrun         <= rx_overrun;
            pause           <= rx_pause;
        end
        if (!moves || grant) scan <= leave ? {!in_rx, 4'd0} : scan + 5'd1;
        if (leave && in_rx) begin
            tx_scanned <= tx_new;
            tx_new     <= 1'b0;
        end
        if (leave && !in_rx) begin
            rx_scanned <= rx_new;
            rx_new     <= 1'b0;
        end
        if (slot_bus && !hold) symbol <= 1'b0;
        if (tx_done) tx_new <= 1'b1;
        if (rx_end && rx_counted) rx_new <= 1'b1;
        if (rx_end && rx_status[RX_STATUS_SYMBOL_ERROR]) symbol <= 1'b1;
        if (slot_bus) begin
            op_valid <= (symbol || moves) && !hold;
            op_index <= symbol ? SYMBOL : scan == COLLISION_TABLE ? TABLE - 6'd1 + {1'b0, collisions} : {1'b0, scan};
            if (symbol) op_increment <= 11'd1;
            else case ({1'b0, scan})
                TX_OCTETS, RX_OCTETS: op_increment <= data & {11{!is_none}};
                LATE:      op_increment <= {6'd0, tx_late_collisions};
                default:   op_increment <= 11'd1;
            endcase
            if (hold) op_increment <= 11'd0;
        end
        if (rst) begin
            scan       <= 5'd0;
            tx_new     <= 1'b0;
            rx_new     <= 1'b0;
            tx_scanned <= 1'b0;
            rx_scanned <= 1'b0;
            symbol     <= 1'b0;
            op_valid   <= 1'b0;
        end
    end
endmodule
