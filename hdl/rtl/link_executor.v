// The far end of the board link: takes requests from the ring of link_receiver, executes each batch exactly once as a
// Wishbone master, and keeps the replies to the last WINDOW batches for duplicates.
//
// docs/board_link.md. Clock clk, reset rst.
// Session: HELLO begins one and drops all state; RESET ends it, and holds adapter_rst for 64 clocks. Batches are numbered from
// 0: the expected one is executed, one of the WINDOW before it is answered from the store, any other gets a NAK. A batch
// ends at the first operation that is malformed, or that the adapter refuses or does not answer in 64 clocks.
// Reply store: a ring of 2 ** ADDRESS_BITS words, written here and read by link_outbox. A reply is written from its fourth
// word on while the batch runs, then its first three: status and header. Whether a reply is still intact is known from
// pointers that count on to four times the length of the ring, further than WINDOW replies reach.
// Towards link_outbox: reply_valid offers reply_start until reply_ready; control_valid offers any other frame until
// control_ready. Both hold the executor; meanwhile requests wait in their ring.
// Requests: request_word is what the ring holds at read_address, one clock later. It is registered before anything looks at it,
// for a block RAM is slow and a decoder behind it slower; so a word is there two clocks after its address, and for one clock
// behind each word that is taken everything stands still.
// Wishbone: classic; an access is presented until it is answered, the next one from the second edge behind the answer on
// when it writes, and from the first when it reads.
// Not done here: framing, CRC, events.
`default_nettype none
`timescale 1ns/1ps

module link_executor #(
    parameter ADDRESS_BITS = 10
) (
    input  wire                    clk,
    input  wire                    rst,
    // Requests, from link_receiver
    output wire [ADDRESS_BITS-1:0] read_address,
    input  wire [31:0]             request_word,
    output reg  [ADDRESS_BITS:0]   read_pointer,
    input  wire [ADDRESS_BITS:0]   write_pointer,
    input  wire                    is_damaged,
    input  wire                    is_refused,
    // Reply store
    output reg                     store_write,
    output reg  [ADDRESS_BITS-1:0] store_address,
    output reg  [31:0]             store_data,
    // Wishbone
    output wire                    wb_stb,
    output wire                    wb_we,
    output wire [3:0]              wb_sel,
    output wire [14:0]             wb_adr,
    output wire [31:0]             wb_dat_w,
    input  wire [31:0]             wb_dat_r,
    input  wire                    wb_ack,
    input  wire                    wb_err,
    output wire                    adapter_rst,
    // link_outbox
    output wire                    reply_valid,
    output reg  [ADDRESS_BITS-1:0] reply_start,
    input  wire                    reply_ready,
    output wire                    control_valid,
    output wire [7:0]              control_type,
    output wire [7:0]              control_sequence,
    output reg  [3:0]              control_code,
    output wire [31:0]             control_data,      // of a HELLO or a PING: what it came with
    output reg                     control_has_data,
    input  wire                    control_ready,
    // Session, for link_outbox and link_events
    output reg                     has_session,
    output reg  [15:0]             session,        // low half of its id; 0: none
    output reg  [7:0]              round,
    output wire                    begins,         // pulses: a session begins, or ends
    output wire                    ends,
    output wire                    event_ack,      // a pulse, for the event numbered event_sequence
    output wire [7:0]              event_sequence
);
    localparam [7:0] TYPE_HELLO       = 8'h01;
    localparam [7:0] TYPE_BATCH       = 8'h02;
    localparam [7:0] TYPE_BATCH_REPLY = 8'h03;
    localparam [7:0] TYPE_EVENT_ACK   = 8'h05;
    localparam [7:0] TYPE_PING        = 8'h07;
    localparam [7:0] TYPE_NAK         = 8'h08;
    localparam [7:0] TYPE_RESET       = 8'h09;

    localparam [3:0] NAK_CRC         = 4'd1;
    localparam [3:0] NAK_SEQUENCE    = 4'd2;
    localparam [3:0] NAK_NO_SESSION  = 4'd3;
    localparam [3:0] NAK_BUSY        = 4'd4;
    localparam [3:0] NAK_REPLAY_LOST = 4'd5;
    localparam [3:0] NAK_TYPE        = 4'd6;

    localparam [3:0] CODE_DONE      = 4'd0;
    localparam [3:0] CODE_REFUSED   = 4'd1;
    localparam [3:0] CODE_HUNG      = 4'd2;
    localparam [3:0] CODE_MALFORMED = 4'd3;
    localparam [3:0] CODE_TOO_LONG  = 4'd4;
    localparam [3:0] CODE_SKIPPED   = 4'd5;

    localparam WINDOW_BITS = 3;  // 8 replies are kept
    localparam [7:0] WINDOW = 8'd1 << WINDOW_BITS;
    localparam POINTER_BITS = ADDRESS_BITS + 2;
    localparam [9:0] LONGEST_REPLY = 10'd511;  // words, with the header: what a frame of 2048 octets holds
    localparam [9:0] HEADER_WORDS  = 10'd2;
    localparam [5:0] LAST_CLOCK    = 6'd63;    // of a reset, and of the wait for an answer
    localparam [POINTER_BITS-1:0] FIRST_WORDS = 3;  // header and status
    localparam [ADDRESS_BITS-1:0] STATUS_AT   = 2;
    localparam [ADDRESS_BITS-1:0] LENGTH_AT   = 1;

    localparam [3:0] IDLE      = 4'd0;   // word is the first one of a header, if there is one
    localparam [3:0] HEAD      = 4'd1;   // word is the second one of a header
    localparam [3:0] DISPATCH  = 4'd2;   // word is the first one of the payload, if there is one
    localparam [3:0] OPERATION = 4'd3;   // word is the head of an operation, if one is left
    localparam [3:0] CHECK     = 4'd15;  // an operation can be executed, or not
    localparam [3:0] ACCESS    = 4'd4;   // an access is presented; word is what it writes
    localparam [3:0] STATUS    = 4'd5;   // write the three words of a reply that come first, last one first
    localparam [3:0] HEADER_1  = 4'd6;
    localparam [3:0] HEADER_0  = 4'd7;
    localparam [3:0] REPLY     = 4'd8;   // hand a reply over
    localparam [3:0] LOOK_UP   = 4'd9;   // find a reply that was kept
    localparam [3:0] REPLAY    = 4'd10;
    localparam [3:0] RESETTING = 4'd11;
    localparam [3:0] CONTROL   = 4'd12;  // hand another frame over
    localparam [3:0] NEXT      = 4'd13;  // go to the next request
    localparam [3:0] SETTLE    = 4'd14;  // the ring is read at its new place

    reg [3:0] state, next_state;

    // The request
    reg  [31:0]           word;       // at read_pointer, unless is_stale
    reg                   is_stale;
    reg  [7:0]            kind, sequence, octet2;
    reg                   continues;
    reg  [8:0]            left;       // words of its payload that have not been taken
    reg  [ADDRESS_BITS:0] following;  // where the next request begins
    wire [ADDRESS_BITS:0] read_pointer1 = read_pointer + {{ADDRESS_BITS{1'b0}}, take};
    reg                   is_known;   // its type, and its length is one of that type
    reg                   is_ours;    // it belongs to this session
    reg                   is_nak;     // its answer is a NAK
    wire                  take;       // the word at hand is done with
    wire [7:0]            age = expected - sequence;  // 0: it is the one that is expected

    // The session
    reg  [7:0] expected;
    reg  [3:0] kept;        // replies in the store, at most WINDOW
    reg        has_failed;  // the batch before this one, of the same transaction
    reg        nak_is_due;  // none for a wrong number was sent since a batch was accepted ...
    reg  [7:0] nak_round;   // ... or in another round than this
    reg        damage, overflow;  // seen by link_receiver, and not told yet

    // The batch
    (* no_rw_check *) reg [POINTER_BITS-1:0] starts [0:(1 << WINDOW_BITS)-1];  // of the replies that are kept
    reg  [POINTER_BITS-1:0] start_there;
    reg  [POINTER_BITS-1:0] base;      // where this reply starts
    reg  [POINTER_BITS-1:0] place;     // of its next word
    reg  [9:0]              index;     // of the operation; also: operations done
    reg                     write;
    reg  [12:0]             repeats;   // accesses of the operation that are left
    reg  [15:0]             address;
    reg  [3:0]              code;
    reg  [5:0]              clocks;
    wire [9:0]              size       = place[9:0] - base[9:0];  // of the reply so far, with its header
    wire [POINTER_BITS-1:0] reach      = base - start_there;
    wire                    is_intact  = reach[POINTER_BITS-1:ADDRESS_BITS] == 0;
    wire                    is_last    = repeats == 13'd1;
    wire                    is_hung    = clocks == LAST_CLOCK;
    wire                    is_over    = wb_ack || wb_err || is_hung;

    // Second word of a header
    wire        is_words   = word[17:16] == 2'b00;
    wire        is_empty   = word[31:16] == 16'd0;
    wire        is_word    = word[31:16] == 16'd4;
    wire        has_shape  = kind == TYPE_BATCH ? is_words : kind == TYPE_HELLO ? is_word : kind == TYPE_PING ? is_empty || is_word
                           : (kind == TYPE_EVENT_ACK || kind == TYPE_RESET) && is_empty;
    wire        same_session = has_session && word[15:0] == session;

    // Of an operation, before its first access
    wire fits     = repeats != 13'd0 && (!write || repeats <= {4'd0, left});
    wire [10:0] filled = {1'b0, repeats[9:0]} + {1'b0, size};
    wire has_room = write || (repeats[12:10] == 3'd0 && filled <= {1'b0, LONGEST_REPLY});

    wire is_replay = age != 8'd0 && age <= {4'd0, kept};
    wire executes  = age == 8'd0 && left != 9'd0;
    wire tells     = left == 9'd0 || nak_is_due || round != nak_round;  // NAK for a wrong number

    wire unused = &{1'b0, reach[ADDRESS_BITS-1:0]};

    assign take           = !is_stale && ((state == IDLE && next_state == HEAD) || state == HEAD
                         || (state == OPERATION && left != 9'd0)
                         || (state == ACCESS && write && wb_ack));
    assign read_address   = read_pointer1[ADDRESS_BITS-1:0];
    assign wb_stb         = state == ACCESS && !is_stale;
    assign wb_we          = write;
    assign wb_sel         = {4{!address[15]}};  // the adapter refuses an access without octets: no such address
    assign wb_adr         = address[14:0];
    assign wb_dat_w       = word;
    assign adapter_rst    = rst || state == RESETTING;
    assign reply_valid    = state == REPLY;
    assign control_valid    = state == CONTROL;
    assign control_type     = is_nak ? TYPE_NAK : kind;
    assign control_sequence = is_nak ? expected : sequence;
    assign control_data     = word;  // which does not change while a control frame is being sent
    assign begins         = state == DISPATCH && !is_stale && is_known && kind == TYPE_HELLO;
    assign ends           = state == DISPATCH && !is_stale && is_known && kind == TYPE_RESET;
    assign event_ack      = state == DISPATCH && !is_stale && is_known && kind == TYPE_EVENT_ACK && is_ours;
    assign event_sequence = sequence;

    always @* begin
        next_state = state;
        case (state)
            IDLE:
                if (read_pointer != write_pointer) next_state = HEAD;
                else if (has_session && (damage || overflow)) next_state = CONTROL;
            HEAD: next_state = DISPATCH;
            DISPATCH:
                if (!is_known) next_state = CONTROL;
                else case (kind)
                    TYPE_BATCH:
                        if (!is_ours) next_state = CONTROL;
                        else if (is_replay) next_state = LOOK_UP;
                        else if (executes) next_state = OPERATION;
                        else next_state = tells ? CONTROL : NEXT;
                    TYPE_EVENT_ACK: next_state = NEXT;
                    TYPE_RESET: next_state = RESETTING;
                    default: next_state = CONTROL;
                endcase
            OPERATION: next_state = left == 9'd0 || code != CODE_DONE ? STATUS : CHECK;
            CHECK: next_state = fits && has_room ? ACCESS : STATUS;
            ACCESS:
                if (wb_err || (is_hung && !wb_ack)) next_state = STATUS;
                else if (wb_ack && is_last) next_state = OPERATION;
            STATUS: next_state = HEADER_1;
            HEADER_1: next_state = HEADER_0;
            HEADER_0: next_state = REPLY;
            REPLY: if (reply_ready) next_state = NEXT;
            LOOK_UP: next_state = REPLAY;
            REPLAY: next_state = is_intact ? REPLY : CONTROL;
            RESETTING: if (clocks == LAST_CLOCK) next_state = CONTROL;
            CONTROL: if (control_ready) next_state = NEXT;
            NEXT: next_state = SETTLE;
            default: next_state = IDLE;  // SETTLE
        endcase
    end

    always @(posedge clk) begin
        word         <= request_word;
        is_stale     <= take || state == SETTLE;
        read_pointer <= state == NEXT ? following : read_pointer1;
        store_write  <= 1'b0;
        start_there  <= starts[sequence[WINDOW_BITS-1:0]];
        if (take) left <= left - 9'd1;
        if (is_damaged) damage <= 1'b1;
        if (is_refused) overflow <= 1'b1;

        if (!is_stale) begin
            state  <= next_state;
            clocks <= clocks + 6'd1;
        end
        if (!is_stale) case (state)
            IDLE: begin
                if (next_state == HEAD) begin
                    kind      <= word[7:0];
                    sequence  <= word[15:8];
                    octet2    <= word[23:16];
                    continues <= word[24];
                end
                is_nak           <= 1'b1;
                control_code     <= damage ? NAK_CRC : NAK_BUSY;
                control_has_data <= 1'b0;
                if (next_state == CONTROL) begin
                    if (damage) damage <= is_damaged;
                    else overflow <= is_refused;
                end
            end
            HEAD: begin
                is_known  <= has_shape;
                is_ours   <= same_session;
                left      <= word[26:18];
                following <= read_pointer1 + {{ADDRESS_BITS - 8{1'b0}}, word[26:18]};
                is_nak    <= !has_shape || kind == TYPE_BATCH;
                if (!has_shape) control_code <= NAK_TYPE;
                else if (kind == TYPE_BATCH) control_code <= NAK_NO_SESSION;
                else control_code <= CODE_DONE;
                if (has_shape && same_session && kind == TYPE_BATCH) round <= octet2;
            end
            DISPATCH: begin
                control_has_data <= left != 9'd0;
                clocks           <= 6'd0;
                place            <= base + FIRST_WORDS;
                index            <= 10'd0;
                address          <= 16'd0;
                code             <= continues && has_failed ? CODE_SKIPPED : CODE_DONE;
                if (is_known && kind == TYPE_BATCH && is_ours) begin
                    control_code <= NAK_SEQUENCE;
                    if (next_state == CONTROL && left != 9'd0) begin
                        nak_is_due <= 1'b0;
                        nak_round  <= round;
                    end
                end
                if (begins || ends) begin
                    has_session <= begins;
                    session     <= begins ? word[15:0] : 16'd0;
                    expected    <= 8'd0;
                    kept        <= 4'd0;
                    round       <= 8'd0;
                    has_failed  <= 1'b0;
                    nak_is_due  <= 1'b1;
                    damage      <= 1'b0;
                    overflow    <= 1'b0;
                end
            end
            OPERATION: begin
                write   <= word[31];
                repeats <= word[28:16];
                address <= next_state == STATUS ? 16'd0 : word[15:0];
            end
            CHECK: begin
                clocks <= 6'd0;
                if (!fits) code <= CODE_MALFORMED;
                else if (!has_room) code <= CODE_TOO_LONG;
            end
            ACCESS: begin
                if (is_over) clocks <= 6'd0;
                if (wb_ack) begin
                    address[15:2] <= address[15:2] + 14'd1;
                    repeats <= repeats - 13'd1;
                    if (is_last) index <= index + 10'd1;
                    if (!write) begin
                        place       <= place + 1;
                        store_write <= 1'b1;
                    end
                end else if (wb_err) code <= CODE_REFUSED;
                else if (is_hung) code <= CODE_HUNG;
                store_address <= place[ADDRESS_BITS-1:0];
                store_data    <= wb_dat_r;
            end
            STATUS: begin
                store_write   <= 1'b1;
                store_address <= base[ADDRESS_BITS-1:0] + STATUS_AT;
                store_data    <= {address, 6'd0, index};
                has_failed    <= code != CODE_DONE;
            end
            HEADER_1: begin
                store_write   <= 1'b1;
                store_address <= base[ADDRESS_BITS-1:0] + LENGTH_AT;
                store_data    <= {4'd0, size - HEADER_WORDS, 2'b00, session};
            end
            HEADER_0: begin
                store_write   <= 1'b1;
                store_address <= base[ADDRESS_BITS-1:0];
                store_data    <= {4'd0, code, 8'd0, sequence, TYPE_BATCH_REPLY};
                starts[sequence[WINDOW_BITS-1:0]] <= base;
                reply_start   <= base[ADDRESS_BITS-1:0];
                base          <= place;
                expected      <= expected + 8'd1;
                nak_is_due    <= 1'b1;
                if (kept != WINDOW[3:0]) kept <= kept + 4'd1;
            end
            REPLAY: begin
                reply_start  <= start_there[ADDRESS_BITS-1:0];
                control_code <= NAK_REPLAY_LOST;
            end
            default: ;
        endcase

        if (rst) begin
            state        <= NEXT;
            is_stale     <= 1'b0;
            following    <= 0;
            read_pointer <= 0;
            base         <= 0;
            has_session  <= 1'b0;
            session      <= 16'd0;
            expected     <= 8'd0;
            kept         <= 4'd0;
            round        <= 8'd0;
            nak_round    <= 8'd0;
            nak_is_due   <= 1'b1;
            has_failed   <= 1'b0;
            damage       <= 1'b0;
            overflow     <= 1'b0;
        end
    end
endmodule
