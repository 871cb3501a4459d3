// What the board link sends: picks the next frame, and gives frame_sender its words.
//
// docs/board_link.md "Header", "Types". Clock clk, reset rst. Control frames (NAK, PING, RESET, the greeting) go before events,
// events before replies. control_ready says that the frame has left: what it is made of is to be held still until then.
// event_taken says that an event begins to be sent; it is to be held still while event_is_sending. reply_ready takes the
// place of a reply, which lies in the store as link_executor wrote it, header included; the level of the interrupt line and the
// credit are put in when it is sent.
// Towards frame_sender: word is that of the index one clock before.
// Parameters: ADDRESS_BITS of the store, at least 9; GREETING, octets 4 to 51 of the greeting, the first in bits 7..0.
`default_nettype none
`timescale 1ns/1ps

module link_outbox #(
    parameter         ADDRESS_BITS = 10,
    parameter [383:0] GREETING     = 384'd0
) (
    input  wire                    clk,
    input  wire                    rst,
    input  wire                    irq,
    input  wire [15:0]             session,
    input  wire [7:0]              round,
    // Control frames
    input  wire                    control_valid,
    input  wire [7:0]              control_type,
    input  wire [7:0]              control_sequence,
    input  wire [3:0]              control_code,
    input  wire [31:0]             control_data,
    input  wire                    control_has_data,
    output wire                    control_ready,
    // Events
    input  wire                    event_valid,
    output wire                    event_taken,
    output wire                    event_is_sending,
    input  wire [7:0]              event_sequence,
    input  wire                    event_status,
    input  wire [15:0]             event_lost,
    input  wire [63:0]             event_ns,
    // Replies
    input  wire                    reply_valid,
    input  wire [ADDRESS_BITS-1:0] reply_start,
    output wire                    reply_ready,
    output wire [ADDRESS_BITS-1:0] store_address,
    input  wire [31:0]             store_word,
    // frame_sender
    output wire                    start,
    output wire [9:0]              words,
    input  wire                    is_idle,
    input  wire [8:0]              index,
    output reg  [31:0]             word
);
    localparam [7:0] TYPE_HELLO     = 8'h01;
    localparam [7:0] TYPE_EVENT     = 8'h04;
    localparam [7:0] TYPE_PING      = 8'h07;
    localparam [7:0] TYPE_NAK       = 8'h08;
    localparam [7:0] WINDOW         = 8'd8;   // the credit: replies that link_executor keeps
    localparam [9:0] HEADER_WORDS   = 10'd2;
    localparam [9:0] GREETING_WORDS = 10'd13;
    localparam [9:0] EVENT_WORDS    = 10'd4;
    localparam [511:0] CONSTANT = {32'd0, GREETING, 96'd0};  // words of the greeting, by their place in the frame
    localparam [ADDRESS_BITS-1:0] ONE = 1;

    localparam [2:0] IDLE    = 3'd0;  // nothing is being sent
    localparam [2:0] CONTROL = 3'd1;  // a control frame is
    localparam [2:0] EVENT   = 3'd2;  // an event is
    localparam [2:0] FETCH   = 3'd3;  // the length of a reply is read from the store
    localparam [2:0] LENGTH  = 3'd4;  // ... and is there
    localparam [2:0] REPLY   = 3'd5;  // a reply is being sent

    reg  [2:0] state, next_state;
    reg        is_begun;  // frame_sender has been started
    reg        level;     // of the interrupt line, as this frame says it
    reg  [9:0] payload;   // words
    reg  [3:0] place;     // index one clock before, as far as it matters
    reg        is_first;  // it is the first word
    reg  [ADDRESS_BITS-1:0] origin;  // of the reply

    wire is_frame    = state == CONTROL || state == EVENT || state == REPLY;
    wire is_sent     = is_frame && is_begun && is_idle;
    wire is_greeting = control_type == TYPE_HELLO;
    wire has_data    = control_type == TYPE_PING && control_has_data;

    assign start            = is_frame && !is_begun;
    assign event_taken      = state == EVENT && !is_begun;
    assign event_is_sending = state == EVENT;
    assign control_ready    = state == CONTROL && is_sent;
    assign reply_ready      = state == IDLE && next_state == FETCH;
    assign store_address    = origin + (state == FETCH ? ONE : {{ADDRESS_BITS - 9{1'b0}}, index});
    assign words            = HEADER_WORDS + payload;

    always @* begin
        next_state = state;
        case (state)
            IDLE:
                if (control_valid) next_state = CONTROL;
                else if (event_valid) next_state = EVENT;
                else if (reply_valid) next_state = FETCH;
            FETCH: next_state = LENGTH;
            LENGTH: next_state = REPLY;
            default: if (is_sent) next_state = IDLE;
        endcase
    end

    always @(posedge clk) begin
        state    <= next_state;
        is_begun <= is_frame;
        place    <= index[3:0];
        is_first <= index == 9'd0;
        if (!is_frame) level <= irq;
        if (state == IDLE) begin
            origin  <= reply_start;
            payload <= next_state == EVENT ? EVENT_WORDS : is_greeting ? GREETING_WORDS : {9'd0, has_data};
        end
        if (state == LENGTH) payload <= store_word[27:18];
        if (rst) begin
            state    <= IDLE;
            is_begun <= 1'b0;
        end
    end

    // The header
    wire [7:0]  type     = state == EVENT ? TYPE_EVENT : control_type;
    wire [7:0]  sequence = state == EVENT ? event_sequence : control_sequence;
    wire [7:0]  credit   = state == CONTROL && control_type == TYPE_NAK ? round : WINDOW;
    wire [3:0]  code     = state == EVENT ? 4'd0 : control_code;
    wire [31:0] head     = state == REPLY ? {level, 3'b000, store_word[27:24], credit, store_word[15:0]}
                                          : {level, 3'b000, code, credit, sequence, type};

    always @* begin
        word = control_data;  // of a PING, and the session id in a greeting
        if (is_first) word = head;
        else if (state == REPLY) word = store_word;
        else if (place == 4'd1) word = {4'd0, payload, 2'b00, session};
        else if (state == EVENT)
            case (place[1:0])
                2'd2: word = {31'd0, event_status};
                2'd3: word = {16'd0, event_lost};
                2'd0: word = event_ns[31:0];
                default: word = event_ns[63:32];
            endcase
        else if (place != 4'd2) word = CONSTANT[{place, 5'd0} +: 32];
    end
endmodule
