// Sends one frame of the board link: reads its words, appends the CRC-32, stuffs the octets and delimits the frame.
//
// docs/board_link.md "Frame"; COBS as in cobs_decoder. Clock clk, reset rst. A frame begins at an edge with start and
// is_idle; words is its length without the CRC, held still until is_idle returns. word has to be word number index of the
// frame, of the index one clock before, and the same each time it is asked for: the frame is read twice, a group of up to
// 254 octets at a time. First the group is scanned for an octet 0, which gives the code octet (and the CRC, which is
// thereby complete when its own octets are reached); then it is sent. The word is registered before it is looked at, since a
// block RAM is slow and what it holds decides what is read next; so a scan takes six clocks a word, and the line is idle for
// some two octet times a group at 3 Mbaud and 50 MHz.
// Octets leave by data, valid and ready.
`default_nettype none
`timescale 1ns/1ps

module frame_sender (
    input  wire        clk,
    input  wire        rst,
    // Frame
    input  wire        start,
    input  wire [9:0]  words,
    output wire        is_idle,
    output wire [8:0]  index,
    input  wire [31:0] word,
    // Line
    output reg  [7:0]  data,
    output reg         valid,
    input  wire        ready
);
    localparam [7:0] LONGEST = 8'd254;  // octets of a group

    localparam [2:0] IDLE  = 3'd0;  // nothing to send
    localparam [2:0] OPEN  = 3'd1;  // send the delimiter before the frame
    localparam [2:0] SCAN  = 3'd2;  // count the octets of a group
    localparam [2:0] CODE  = 3'd3;  // send its code octet
    localparam [2:0] GROUP = 3'd4;  // send its octets
    localparam [2:0] CLOSE = 3'd5;  // send the delimiter behind the frame

    reg  [2:0]  state, next_state;
    reg  [11:0] place, next_place;  // octet at hand
    reg  [11:0] origin;             // first octet of the group
    reg  [7:0]  count, next_count;  // octets of the group: scanned, then left to send
    reg         by_zero;            // the group ends at an octet 0
    reg         is_past, next_is_past;  // place is behind the CRC
    reg  [31:0] crc;
    wire [31:0] crc1;
    reg  [31:0] taken;              // the word that place is in, unless is_stale
    reg         is_stale, was_moved;
    reg         moves;              // place goes to another word

    wire        in_crc    = place[11:2] == words;
    wire        ends      = in_crc && place[1:0] == 2'd3;  // the last octet of the CRC
    wire [31:0] source    = in_crc ? ~crc : taken;
    wire [7:0]  octet     = source[{place[1:0], 3'b000} +: 8];
    wire        is_zero   = octet == 8'd0;
    wire        is_over   = is_past || is_zero || count == LONGEST;

    wire [11:0] place1 = place + 12'd1;

    crc32_octet step (.crc(crc), .octet(octet), .next(crc1));

    assign is_idle = state == IDLE;
    assign index   = place[10:2];

    always @* begin
        next_state = state;
        next_place = place;
        next_count = count;
        next_is_past = is_past;
        moves      = 1'b0;
        data       = 8'd0;
        valid      = 1'b0;
        case (state)
            IDLE: begin
                next_place   = 12'd0;
                next_is_past = 1'b0;
                next_count   = 8'd0;
                moves        = 1'b1;
                if (start) next_state = OPEN;
            end
            OPEN: begin
                valid = 1'b1;
                if (ready) next_state = SCAN;
            end
            SCAN:
                if (!is_stale && is_over) begin
                    next_state = CODE;
                    if (count != 8'd0) begin
                        next_place   = origin;
                        next_is_past = 1'b0;
                        moves        = 1'b1;
                    end
                end else if (!is_stale) begin
                    next_place   = place1;
                    next_is_past = ends;
                    moves        = place[1:0] == 2'd3;
                    next_count   = count + 8'd1;
                end
            CODE: begin
                valid = 1'b1;
                data  = count + 8'd1;
                if (ready) next_state = GROUP;
            end
            GROUP: begin
                data  = octet;
                valid = count != 8'd0 && !is_stale;
                if (valid && ready) begin
                    next_place   = place1;
                    next_is_past = ends;
                    moves        = place[1:0] == 2'd3;
                    next_count   = count - 8'd1;
                end else if (count == 8'd0) begin
                    next_state = is_past ? CLOSE : SCAN;
                    if (by_zero) begin
                        next_place   = place1;
                        next_is_past = ends;
                        moves        = place[1:0] == 2'd3;
                    end
                end
            end
            default: begin  // CLOSE
                valid = 1'b1;
                if (ready) next_state = IDLE;
            end
        endcase
    end

    always @(posedge clk) begin
        state <= next_state;
        place   <= next_place;
        is_past <= next_is_past;
        count <= next_count;
        taken     <= word;
        was_moved <= moves;
        is_stale  <= moves || was_moved;
        if (state == SCAN && !is_stale) begin
            by_zero <= is_zero && !is_past && count != LONGEST;
            if (!in_crc && !is_past && (!is_over || (is_zero && count != LONGEST))) crc <= crc1;
        end
        if (state != SCAN && next_state == SCAN) origin <= next_place;
        if (state == IDLE) crc <= 32'hFFFFFFFF;
        if (rst) state <= IDLE;
    end
endmodule
