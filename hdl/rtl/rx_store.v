// Stores received frames in the receive ring, decides which ones stay, and reports every frame.
//
// docs/adapter.md "Store". Clock clk_bus; rst forgets a frame under way. The words of rx_mac come from the receive
// FIFO: {end, first, data}. One word is taken per turn of the slot wheel, at the edge with slot_take, and written to the
// buffer memory at the next one, slot_store, behind a gap of 16 octets for the header. At the end mark (edge A) the frame
// is judged; an accepted one gets its header in this turn and the next three, and then RX_CURR moves, so that software
// never sees half a frame and a frame that is not accepted costs nothing. A frame that would reach RX_BNRY is
// dropped (overrun) without touching the pages before it.
// memory_data is the word; in the two header words with the time it is 0, and whoever asked for read_time (pulse at
// slot_take; read_time_high: which half) adds the time of the end mark to it.
// While enable is low everything is dropped. load puts RX_START into RX_CURR.
// Parameters: BUFFER_PAGES, as built.
// Event pulses: at A: event_end with its qualifiers; event_stored sixteen edges later.
`default_nettype none
`timescale 1ns/1ps

module rx_store #(
    parameter BUFFER_PAGES = 64
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_take,
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
    input  wire [10:0] frame_spare,
    input  wire [7:0]  ring_start,
    input  wire [7:0]  ring_stop,
    input  wire [7:0]  ring_boundary,
    output wire [7:0]  ring_current,
    input  wire        obey_pause,
    // FIFO
    input  wire [33:0] fifo_data,
    input  wire        fifo_valid,
    output wire        fifo_ready,
    // Buffer memory
    output wire        memory_write,
    output wire [13:0] memory_address,  // in words
    output wire [31:0] memory_data,
    output wire        read_time,
    output wire        read_time_high,
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
    localparam       PAGE_BITS    = BUFFER_PAGES > 32 ? 6 : BUFFER_PAGES > 16 ? 5 : BUFFER_PAGES > 8 ? 4 : BUFFER_PAGES > 4 ? 3 : 2;
    localparam [5:0] HEADER_WORDS = 6'd4;
    localparam [5:0] LAST_OFFSET  = 6'd63;
    localparam [2:0] LAST_INDEX   = 3'd5;  // the filter looks at words 0 to 4

    localparam [1:0] SKIP   = 2'd0;  // until the first word of a frame
    localparam [1:0] FRAME  = 2'd1;  // within a frame
    localparam [1:0] HEADER = 2'd2;  // the four header words

    reg [1:0]  state;
    reg [31:0] held;          // the word that is to be written
    reg        fresh;         // ... at the next edge
    reg [PAGE_BITS-1:0] page; // where it goes
    reg [5:0]  offset;        // in the page, in words
    reg        entered;       // it is the first in this page
    reg        overrun;
    reg [2:0]  index;         // of the next word, up to LAST_INDEX
    reg [PAGE_BITS-1:0] current, after_frame;  // RX_CURR, and what it will be once the header is written

    wire [31:0] word  = fifo_data[31:0];
    wire        first = fifo_data[32];
    wire        last  = fifo_data[33];

    wire turn  = slot_take && state != HEADER;
    wire take  = turn && fifo_valid;
    wire begins = take && first && enable;
    wire continues = take && !first && !last && enable && state == FRAME;
    wire ends  = take && last && enable && state == FRAME;

    assign fifo_ready = turn;

    // The pages of a ring that is possible are numbers of PAGE_BITS, that after its last one may have a bit more.
    wire [PAGE_BITS:0]   page1     = {1'b0, page} + 1'b1;
    wire [PAGE_BITS-1:0] next_page = page1 == ring_stop[PAGE_BITS:0] ? ring_start[PAGE_BITS-1:0] : page1[PAGE_BITS-1:0];
    wire                 lost      = overrun || (entered && {{8-PAGE_BITS{1'b0}}, next_page} == ring_boundary);
    wire                 unused    = &{1'b0, ring_start[7:PAGE_BITS], ring_stop[7:PAGE_BITS]};  // 0 in a ring that is possible

    assign ring_current = {{8-PAGE_BITS{1'b0}}, current};

    // Judgement at the end mark, see rx_mac for its layout
    wire [10:0] status;
    wire        counted, accepted, is_ours, is_multicast, is_pause;
    wire        is_broadcast = word[10];
    wire [15:0] length_type, received_quanta;
    wire        judged_pause = is_pause && obey_pause && status[0] && !status[6];
    wire        keep         = ends && accepted && !judged_pause;
    wire        counts       = counted || judged_pause;

    rx_filter filter (
        .clk_bus(clk_bus), .mac_address(mac_address), .multicast_hash(multicast_hash), .accept_all(accept_all),
        .accept_broadcast(accept_broadcast), .accept_multicast(accept_multicast),
        .word(word), .word_valid(begins || continues), .index(begins ? 3'd0 : index), .hash(word[5:0]),
        .is_broadcast(is_broadcast), .pause_address(word[11]), .pause_type(word[12]),
        .is_ours(is_ours), .is_multicast(is_multicast), .length_type(length_type),
        .is_pause(is_pause), .pause_quanta(received_quanta)
    );
    rx_judge judge (
        .octets(word[26:16]), .fcs_good(word[6]), .dribble(word[7]), .symbol_error(word[8]), .cut(word[9]),
        .is_ours(is_ours), .is_multicast(is_multicast), .is_broadcast(is_broadcast), .length_type(length_type),
        .frame_spare(frame_spare), .accept_runt(accept_runt), .accept_errors(accept_errors),
        .status(status), .counted(counted), .accepted(accepted)
    );

    assign event_end     = ends;
    assign event_status  = status;
    assign event_octets  = word[26:16];
    assign event_counted = ends && counts;
    assign event_overrun = keep && overrun;
    assign event_pause   = ends && judged_pause;
    assign event_stored  = slot_take && state == HEADER && offset == HEADER_WORDS - 6'd1 && enable;

    // Buffer memory. The end mark, with the judgement for its low half, is the first header word.
    assign memory_write   = state == HEADER || (fresh && !lost);
    assign memory_address = {{8-PAGE_BITS{1'b0}}, page, offset};
    assign memory_data    = held;
    assign read_time      = state == HEADER && offset[0] != offset[1];  // the third word is next, or the fourth
    assign read_time_high = offset[1];

    always @(posedge clk_bus) begin
        if (slot_take) begin
            fresh   <= begins || continues;
            entered <= begins || (continues && offset == LAST_OFFSET);
            held    <= word;
            if (continues || state == HEADER) offset <= offset + 6'd1;
            if (ends) held[15:0] <= {5'd0, status};
            if (state == HEADER) held <= offset == 6'd0 ? {{32-PAGE_BITS{1'b0}}, after_frame} : 32'd0;
            if (continues && offset == LAST_OFFSET) page <= next_page;
            if (begins || ends) page <= current;
            if (begins) begin
                offset  <= HEADER_WORDS;
                overrun <= 1'b0;
            end
            if (begins || continues) begin
                state <= FRAME;
                index <= begins ? 3'd1 : index == LAST_INDEX ? LAST_INDEX : index + 3'd1;
            end
            if (ends) begin
                state       <= keep && !overrun ? HEADER : SKIP;
                offset      <= 6'd0;
                after_frame <= next_page;
            end
            if (event_stored) begin
                state        <= SKIP;
                current      <= after_frame;
            end
        end
        if (slot_store) overrun <= lost;
        if (event_pause) begin
            pause_toggle <= !pause_toggle;
            pause_quanta <= received_quanta;
        end
        if (!enable) state <= SKIP;
        if (load) current <= ring_start[PAGE_BITS-1:0];
        if (rst) begin
            state        <= SKIP;
            fresh        <= 1'b0;
            offset       <= 6'd0;
            current      <= 0;
            pause_toggle <= 1'b0;
        end
    end

`ifdef FORMAL
`include "rx_store_properties.vh"
`endif
endmodule
