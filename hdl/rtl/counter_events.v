// Turns the end of a frame into increments of management counters, one per turn of the slot wheel.
//
// Rules: docs/adapter.md "Counters and interrupts" (clause 30 attributes, IEEE Std 802.3-2022 5.2.4). Clock
// clk_bus; only power-on (rst) forgets increments that wait. tx_done and rx_end are pulses with their qualifiers;
// from the edge with slot_bus on, op_valid, op_index and op_increment show one increment for one turn, unless hold.
// Received events go first, the symbol error before all: fragments can follow each other fast.
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
    input  wire [10:0] tx_octets,
    input  wire        tx_pad,
    input  wire        tx_fcs,
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
    localparam [10:0] HEADER_OCTETS   = 11'd14;
    localparam [10:0] OVERHEAD_OCTETS = 11'd18;  // header and FCS
    localparam [10:0] MINIMUM_DATA    = 11'd46;
    localparam        FIRST           = CNT_AFRAMESRECEIVEDOK;  // the received half of the list
    localparam [5:0]  RX_FIRST        = CNT_AFRAMESRECEIVEDOK[5:0];
    localparam [5:0]  TX_OCTETS       = CNT_AOCTETSTRANSMITTEDOK[5:0];
    localparam [5:0]  RX_OCTETS       = CNT_AOCTETSRECEIVEDOK[5:0];
    localparam [5:0]  LATE            = CNT_ALATECOLLISIONS[5:0];
    localparam [5:0]  TABLE           = CNT_ACOLLISIONFRAMES_1[5:0];
    localparam        COLLISION_TABLE = 14;  // bit of tx_waiting for aCollisionFrames, which has no counter of that index
    localparam        MAX_TABLE       = 15;  // aCollisionFrames[1] .. [15]

    // What waits: bit n for counter n, and for counter FIRST + n.
    reg [COLLISION_TABLE:0] tx_waiting, tx_new;
    reg [11:0] rx_waiting, rx_new;
    reg [4:0]  late_collisions, collisions;
    reg [10:0] tx_data, rx_data;

    wire ok       = tx_status[TX_STATUS_OK_LSB];
    wire deferred = tx_status[TX_STATUS_DEFERRED_LSB];
    wire received = rx_counted && rx_status[RX_STATUS_OK] && !rx_overrun;
    wire [4:0] tx_collisions = tx_status[TX_STATUS_COLLISIONS_LSB +: TX_STATUS_COLLISIONS_WIDTH];

    wire [10:0] overhead = tx_fcs ? HEADER_OCTETS : OVERHEAD_OCTETS;
    wire        short    = tx_octets < MINIMUM_DATA + HEADER_OCTETS;

    always @* begin
        tx_new = 0;
        if (tx_done) begin
            tx_new[CNT_AFRAMESTRANSMITTEDOK]            = ok;
            tx_new[CNT_ASINGLECOLLISIONFRAMES]          = ok && tx_collisions == 5'd1;
            tx_new[CNT_AMULTIPLECOLLISIONFRAMES]        = ok && tx_collisions > 5'd1;
            tx_new[CNT_ADEFERREDTRANSMISSIONS]          = ok && tx_collisions == 5'd0 && deferred && !full_duplex;
            tx_new[CNT_ALATECOLLISIONS]                 = tx_late_collisions != 5'd0;
            tx_new[CNT_AFRAMESABORTEDDUETOXSCOLLS]      = tx_status[TX_STATUS_EXC_COL_LSB];
            tx_new[CNT_AFRAMESWITHEXCESSIVEDEFERRAL]    = tx_status[TX_STATUS_EXC_DEFERRAL_LSB];
            tx_new[CNT_ACARRIERSENSEERRORS]             = tx_status[TX_STATUS_CRS_LOST_LSB];
            tx_new[CNT_AFRAMESLOSTDUETOINTMACXMITERROR] = tx_status[TX_STATUS_UNDERRUN_LSB];
            tx_new[CNT_ASQETESTERRORS]                  = tx_status[TX_STATUS_SQE_MISSING_LSB];
            tx_new[CNT_AOCTETSTRANSMITTEDOK]            = ok;
            tx_new[CNT_AMULTICASTFRAMESXMITTEDOK]       = ok && tx_multicast && !tx_broadcast;
            tx_new[CNT_ABROADCASTFRAMESXMITTEDOK]       = ok && tx_broadcast;
            tx_new[CNT_APAUSEMACCTRLFRAMESTRANSMITTED]  = ok && tx_control;
            tx_new[COLLISION_TABLE]                     = ok && tx_collisions != 5'd0 && tx_collisions <= MAX_TABLE;
        end
        rx_new = 0;
        if (rx_end) begin
            rx_new[CNT_AFRAMESRECEIVEDOK - FIRST]              = received;
            rx_new[CNT_AFRAMECHECKSEQUENCEERRORS - FIRST]      = rx_counted && rx_status[RX_STATUS_FCS_ERROR];
            rx_new[CNT_AALIGNMENTERRORS - FIRST]               = rx_counted && rx_status[RX_STATUS_ALIGNMENT_ERROR];
            rx_new[CNT_AFRAMETOOLONGERRORS - FIRST]            = rx_counted && rx_status[RX_STATUS_TOO_LONG];
            rx_new[CNT_AINRANGELENGTHERRORS - FIRST]           = rx_counted && rx_status[RX_STATUS_IN_RANGE_LENGTH];
            rx_new[CNT_AOUTOFRANGELENGTHFIELD - FIRST]         = rx_counted && rx_status[RX_STATUS_OUT_OF_RANGE_LENGTH];
            rx_new[CNT_AFRAMESLOSTDUETOINTMACRCVERROR - FIRST] = rx_counted && rx_status[RX_STATUS_OK] && rx_overrun;
            rx_new[CNT_AOCTETSRECEIVEDOK - FIRST]              = received;
            rx_new[CNT_AMULTICASTFRAMESRECEIVEDOK - FIRST]     = received && rx_status[RX_STATUS_MULTICAST];
            rx_new[CNT_ABROADCASTFRAMESRECEIVEDOK - FIRST]     = received && rx_status[RX_STATUS_BROADCAST];
            rx_new[CNT_APAUSEMACCTRLFRAMESRECEIVED - FIRST]    = rx_pause;
            rx_new[CNT_ASYMBOLERRORDURINGCARRIER - FIRST]      = rx_status[RX_STATUS_SYMBOL_ERROR];
        end
    end

    // Pick one: received events first, each group from its highest counter down.
    integer i;
    reg [COLLISION_TABLE:0] tx_left;
    reg [11:0] rx_left;
    reg        pick_valid;
    reg [5:0]  pick_index;
    reg [10:0] pick_increment;

    always @* begin
        pick_index = 6'd0;
        for (i = 0; i <= COLLISION_TABLE; i = i + 1) if (tx_waiting[i]) pick_index = i[5:0];
        for (i = 0; i < 12; i = i + 1) if (rx_waiting[i]) pick_index = RX_FIRST + i[5:0];
        pick_valid = tx_waiting != 0 || rx_waiting != 0;
        tx_left = tx_waiting;
        rx_left = rx_waiting;
        if (rx_waiting != 0) rx_left[pick_index[3:0]] = 1'b0;
        else tx_left[pick_index[3:0]] = 1'b0;
        case (pick_index)
            TX_OCTETS: pick_increment = tx_data;
            RX_OCTETS: pick_increment = rx_data;
            LATE:      pick_increment = {6'd0, late_collisions};
            default:   pick_increment = 11'd1;
        endcase
        if (pick_index == COLLISION_TABLE) pick_index = TABLE - 6'd1 + {1'b0, collisions};
    end

    always @(posedge clk_bus) begin
        tx_waiting <= (slot_bus && !hold ? tx_left : tx_waiting) | tx_new;
        rx_waiting <= (slot_bus && !hold ? rx_left : rx_waiting) | rx_new;
        if (tx_done) begin
            late_collisions <= tx_late_collisions;
            collisions      <= tx_collisions;
            tx_data         <= short && tx_pad && tx_fcs ? MINIMUM_DATA
                             : tx_octets < overhead ? 11'd0 : tx_octets - overhead;
        end
        if (rx_end) rx_data <= rx_octets - OVERHEAD_OCTETS;
        if (slot_bus) begin
            op_valid     <= pick_valid && !hold;
            op_index     <= pick_index;
            op_increment <= pick_increment;
        end
        if (rst) begin
            tx_waiting <= 0;
            rx_waiting <= 0;
            op_valid   <= 1'b0;
        end
    end
endmodule
