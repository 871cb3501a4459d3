// Stores received frames in the receive ring, decides which ones stay, and reports every frame.
//
// docs/adapter.md "Store". Clock clk_bus; rst forgets a frame under way. The words of rx_mac come from the receive
// FIFO: {end, first, data}. One word is taken per turn of the slot wheel, at the edge with slot_store, and written
// there to the buffer memory, behind a gap of 16 octets for the header. At the end mark (edge A) the frame is
// judged; an accepted one gets its header in the next four turns, and only then RX_CURR moves, so that software
// never sees half a frame and a frame that is not accepted costs nothing. A frame that would reach RX_BNRY is
// dropped (overrun) without touching the pages before it.
// While enable is low everything is dropped. load puts RX_START into RX_CURR.
// Event pulses: at A: event_end with its qualifiers; event_stored with the last word of the header.
`default_nettype none
`timescale 1ns/1ps

module rx_store (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_store,
    // Configuration
    input  wire        enable,
    input  wire        load,
    input  wire        accept_runt,
    input  wire        accept_errors,
    input  wire        accept_all,
    input  wire        accept_broadcast,
    input  wire        accept_multicast,
    input  wire [47:0] mac_address,
    input  wire [63:0] multicast_hash,
    input  wire [10:0] max_frame,
    input  wire [7:0]  ring_start,
    input  wire [7:0]  ring_stop,
    input  wire [7:0]  ring_boundary,
    output reg  [7:0]  ring_current,
    input  wire        obey_pause,
    input  wire [63:0] now_ns,
    // FIFO
    input  wire [33:0] fifo_data,
    input  wire        fifo_valid,
    output wire        fifo_ready,
    // Buffer memory
    output wire        memory_write,
    output wire [13:0] memory_address,  // in words
    output wire [31:0] memory_data,
    // Events
    output wire        event_end,
    output wire [10:0] event_status,    // RX_STATUS bits
    output wire [10:0] event_octets,
    output wire        event_counted,   // at least 64 octets and addressed to us
    output wire        event_overrun,   // accepted, and lost because the ring was full
    output wire        event_pause,
    output wire        event_stored,
    // A PAUSE frame: a toggle beside a value that is held still, for clk_tx
    output reg         pause_toggle,
    output reg  [15:0] pause_quanta
);
    localparam [5:0] HEADER_WORDS = 6'd4;
    localparam [2:0] LAST_INDEX   = 3'd5;  // the filter looks at words 0 to 4

    localparam [1:0] SKIP   = 2'd0;  // until the first word of a frame
    localparam [1:0] FRAME  = 2'd1;  // within a frame
    localparam [1:0] HEADER = 2'd2;  // the four header words

    reg [1:0]  state;
    reg [7:0]  page;          // of the last word
    reg [5:0]  offset;        // in the page, of the last word, in words; in HEADER: of the next one
    reg [7:0]  page1, page2;  // the pages after `page`, and
    reg [7:0]  current1;      // the page after RX_CURR: settled within a turn of the wheel
    reg [2:0]  index;         // of the next word, up to LAST_INDEX
    reg        overrun;
    reg [10:0] header_status, header_octets;
    reg [63:0] header_time;

    function [7:0] next_page(input [7:0] present, input [7:0] start, input [7:0] stop);
        next_page = present + 8'd1 == stop ? start : present + 8'd1;
    endfunction

    wire [31:0] word  = fifo_data[31:0];
    wire        first = fifo_data[32];
    wire        last  = fifo_data[33];

    wire turn  = slot_store && state != HEADER;
    wire take  = turn && fifo_valid;
    wire begins = take && first && enable;
    wire continues = take && !first && !last && enable && state == FRAME;
    wire ends  = take && last && enable && state == FRAME;

    assign fifo_ready = turn;

    // Where the word goes. The first is the fifth of page RX_CURR.
    wire       enters      = begins || (continues && offset == 6'd63);
    wire [7:0] to_page     = begins ? ring_current : enters ? page1 : page;
    wire [5:0] to_offset   = begins ? HEADER_WORDS : offset + 6'd1;
    wire [7:0] page_beyond = begins ? current1 : page2;
    wire       overruns    = enters && page_beyond == ring_boundary;
    wire       lost        = overruns || (overrun && !begins);

    // Judgement at the end mark, see rx_mac for its layout
    wire [10:0] status;
    wire        counted, accepted, is_ours, is_multicast, is_broadcast, is_pause;
    wire [15:0] length_type, received_quanta;
    wire        judged_pause = is_pause && obey_pause && status[0] && !status[6];
    wire        keep         = ends && accepted && !judged_pause;
    wire        counts       = counted || judged_pause;

    rx_filter filter (
        .clk_bus(clk_bus), .mac_address(mac_address), .multicast_hash(multicast_hash), .accept_all(accept_all),
        .accept_broadcast(accept_broadcast), .accept_multicast(accept_multicast),
        .word(word), .word_valid(begins || continues), .index(begins ? 3'd0 : index), .hash(word[20:15]),
        .is_ours(is_ours), .is_multicast(is_multicast), .is_broadcast(is_broadcast), .length_type(length_type),
        .is_pause(is_pause), .pause_quanta(received_quanta)
    );
    rx_judge judge (
        .octets(word[10:0]), .fcs_good(word[11]), .dribble(word[12]), .symbol_error(word[13]), .cut(word[14]),
        .is_ours(is_ours), .is_multicast(is_multicast), .is_broadcast(is_broadcast), .length_type(length_type),
        .max_frame(max_frame), .accept_runt(accept_runt), .accept_errors(accept_errors),
        .status(status), .counted(counted), .accepted(accepted)
    );

    assign event_end     = ends;
    assign event_status  = status;
    assign event_octets  = word[10:0];
    assign event_counted = ends && counts;
    assign event_overrun = keep && overrun;
    assign event_pause   = ends && judged_pause;
    assign event_stored  = slot_store && state == HEADER && offset == HEADER_WORDS - 6'd1 && enable;

    // Buffer memory
    reg [31:0] header_word;
    always @*
        case (offset[1:0])
            2'd0:    header_word = {5'd0, header_octets, 5'd0, header_status};
            2'd1:    header_word = {24'd0, page1};
            2'd2:    header_word = header_time[31:0];
            default: header_word = header_time[63:32];
        endcase

    assign memory_write   = state == HEADER ? enable : (begins || continues) && !lost;
    assign memory_address = state == HEADER ? {ring_current, offset} : {to_page, to_offset};
    assign memory_data    = state == HEADER ? header_word : word;

    always @(posedge clk_bus) begin
        page1    <= next_page(page, ring_start, ring_stop);
        page2    <= next_page(page1, ring_start, ring_stop);
        current1 <= next_page(ring_current, ring_start, ring_stop);
        if (begins || continues) begin
            state   <= FRAME;
            page    <= to_page;
            offset  <= to_offset;
            overrun <= lost;
            index   <= begins ? 3'd1 : index == LAST_INDEX ? LAST_INDEX : index + 3'd1;
        end
        if (event_pause) begin
            pause_toggle <= !pause_toggle;
            pause_quanta <= received_quanta;
        end
        if (ends) begin
            state <= SKIP;
            if (keep && !overrun) begin
                state         <= HEADER;
                offset        <= 6'd0;
                header_status <= status;
                header_octets <= word[10:0];
                header_time   <= now_ns;
            end
        end
        if (slot_store && state == HEADER) begin
            offset <= offset + 6'd1;
            if (event_stored) begin
                state        <= SKIP;
                ring_current <= page1;
            end
        end
        if (!enable) state <= SKIP;
        if (load) ring_current <= ring_start;
        if (rst) begin
            state        <= SKIP;
            ring_current <= 8'd0;
            pause_toggle <= 1'b0;
        end
    end
endmodule
