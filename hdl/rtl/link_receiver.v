// Judges the frames of the board link and stores the good ones, as words, in a ring for link_executor.
//
// docs/board_link.md "Frame". Clock clk, reset rst. Octets come from cobs_decoder. A frame that is whole, whose length agrees
// with its header and whose CRC is good is handed over by moving write_pointer to its end: header and payload are then
// in the ring, without the CRC. Everything else leaves no trace but a pulse: is_damaged (CRC, length or stuffing), or
// is_refused for a good frame that the ring had no room for.
// The ring: write_* is the write port of a RAM of 2 ** ADDRESS_BITS words; pointers have one bit more, so that full and
// empty differ. read_pointer is the consumer's: words from there on are not overwritten. has_room falls while there is room for
// 64 octets yet, which a sender that is asked to stop may still have in hand.
// Parameters: ADDRESS_BITS, at least 9: the longest frame has 512 words.
`default_nettype none
`timescale 1ns/1ps

module link_receiver #(
    parameter ADDRESS_BITS = 10
) (
    input  wire                    clk,
    input  wire                    rst,
    // From cobs_decoder
    input  wire [7:0]              octet,
    input  wire                    octet_valid,
    input  wire                    frame_end,
    input  wire                    is_whole,
    // Ring
    output wire                    write,
    output wire [ADDRESS_BITS-1:0] write_address,
    output wire [31:0]             write_data,
    output reg  [ADDRESS_BITS:0]   write_pointer,
    input  wire [ADDRESS_BITS:0]   read_pointer,
    output reg                     has_room,
    // Verdicts, pulses
    output wire                    is_damaged,
    output wire                    is_refused
);
    localparam [31:0] RESIDUE   = 32'hDEBB20E3;  // of the CRC register after a good CRC
    localparam [15:0] LIMIT     = 16'd2036;      // octets of payload
    localparam [15:0] AFTER_CRC = -16'd4;        // octets that are left, when the CRC has passed too
    localparam [3:0]  HEADER    = 4'd8;          // octets
    localparam [ADDRESS_BITS:0] ONE  = 1;
    localparam [ADDRESS_BITS:0] FULL = ONE << ADDRESS_BITS;
    localparam [ADDRESS_BITS:0] NEARLY_FULL = FULL - 16;

    generate
        if (ADDRESS_BITS < 9 || ADDRESS_BITS > 14) begin : range_check
            PARAMETER_ADDRESS_BITS_OUT_OF_RANGE invalid();
        end
    endgenerate

    reg  [ADDRESS_BITS:0] pointer;   // the next word of the frame under way
    reg  [3:0]            count;     // octets of its header, so far; HEADER to HEADER + 3 behind it, to count words
    reg  [23:0]           word;      // the last three octets
    reg  [15:0]           left;      // octets of payload to come, by its header
    reg                   is_long;   // it says more than LIMIT
    reg                   no_room;   // a word of it was not stored
    reg  [31:0]           crc;
    wire [31:0]           crc1;

    wire [2:0] count1 = count[2:0] + 3'd1;
    wire ends_word = octet_valid && count[1:0] == 2'd3;
    wire [ADDRESS_BITS:0] level = pointer - read_pointer;
    wire is_full   = level == FULL;
    wire is_good   = is_whole && !is_long && crc == RESIDUE && left == AFTER_CRC && count[3];

    crc32_octet step (.crc(crc), .octet(octet), .next(crc1));

    assign write         = ends_word && !is_full;
    assign write_address = pointer[ADDRESS_BITS-1:0];
    assign write_data    = {octet, word};
    assign is_damaged    = frame_end && !is_good;
    assign is_refused    = frame_end && is_good && no_room;

    always @(posedge clk) begin
        has_room <= level < NEARLY_FULL;
        if (octet_valid) begin
            crc  <= crc1;
            word <= {octet, word[23:8]};
            count <= {count == HEADER - 4'd1 || count[3], count[3] ? {1'b0, count1[1:0]} : count1};
            if (count[3]) left <= left - 16'd1;
            else if (count[0]) left[15:8] <= octet;
            else left[7:0] <= octet;
            if (count == HEADER - 4'd1) is_long <= {octet, left[7:0]} > LIMIT;
        end
        if (ends_word) begin
            if (is_full) no_room <= 1'b1;
            else pointer <= pointer + ONE;
        end
        if (frame_end) begin
            if (is_good && !no_room) begin
                write_pointer <= pointer - ONE;  // the last word is the CRC
                pointer       <= pointer - ONE;
            end else pointer <= write_pointer;
        end
        if (rst) begin
            pointer       <= 0;
            write_pointer <= 0;
        end
        if (rst || frame_end) begin
            count   <= 4'd0;
            is_long <= 1'b0;
            no_room <= 1'b0;
            crc     <= 32'hFFFFFFFF;
        end
    end

`ifdef FORMAL
`include "link_receiver_properties.vh"
`endif
endmodule
