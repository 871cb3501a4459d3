// Transmit framing: preamble, SFD, octets, pad, FCS, jam, one nibble per TX_CLK edge.
//
// IEEE Std 802.3-2022 3.2, 4.2.8 (BitTransmitter), clause 22. Clock clk_tx; rst drops TX_EN.
// start (from csma_cd, while TX_EN is low) makes TX_EN rise; octets, pad_enable and fcs_enable are held still until
// the end. The frame comes from the word stream: word_first marks its first word and word_tag names the fetch it
// belongs to; what is not of the fetch wanted_tag is thrown away. A word must be there when its first nibble is due
// (16 nibbles after start for the first), or the frame ends in an underrun: TX_ER for two nibbles.
// collision (combinational, only while may_collide) turns the rest into a jam of jam_nibbles (0 acts as 1) once the
// header is out.
// Outputs: transmitting, the register behind TX_EN; transmitting_next; ending: TX_EN falls at this edge; underrun:
// valid with ending; jam_first: the first jam nibble goes out at this edge.
// Of the frame that was sent last, until the header of the next: count, one more than its octets with pad and FCS; multicast
// and broadcast, from its destination address (a group address, all ones).
// Not done here: when to start, and what follows a collision (csma_cd).
`default_nettype none
`timescale 1ns/1ps

module tx_mac (
    input  wire        clk_tx,
    input  wire        rst,
    // MII
    output reg  [3:0]  txd,
    output reg         tx_en,
    output reg         tx_er,
    // Frame
    input  wire [10:0] octets,
    input  wire        pad_enable,
    input  wire        fcs_enable,
    input  wire [31:0] word_data,
    input  wire        word_first,
    input  wire [1:0]  word_tag,
    input  wire        word_valid,
    output wire        word_ready,
    input  wire [1:0]  wanted_tag,
    // CSMA/CD
    input  wire [5:0]  jam_nibbles,
    input  wire        start,
    input  wire        collision,
    output wire        may_collide,
    output wire        transmitting_next,
    output wire        ending,
    output wire        underrun,
    output wire        jam_first,
    // What was sent
    output reg  [10:0] count,
    output reg         multicast,
    output reg         broadcast
);
    // What goes out at the next edge:
    localparam [2:0] IDLE     = 3'd0;  // nothing, or the first nibble with `start`
    localparam [2:0] HEADER   = 3'd1;  // preamble and SFD
    localparam [2:0] DATA     = 3'd2;  // octets of the frame
    localparam [2:0] PAD      = 3'd3;  // zeros up to the minimum frame
    localparam [2:0] FCS      = 3'd4;
    localparam [2:0] JAM      = 3'd5;
    localparam [2:0] BREAK    = 3'd6;  // the second nibble of an underrun
    localparam [2:0] FALL     = 3'd7;  // TX_EN falls

    localparam [3:0] PREAMBLE_NIBBLE = 4'h5;
    localparam [3:0] SFD_NIBBLE      = 4'hD;  // the upper half of the SFD octet 0xD5
    localparam [3:0] JAM_NIBBLE      = 4'h5;
    localparam [3:0] LAST_HEADER     = 4'd15;
    localparam [10:0] MINIMUM_OCTETS = 11'd60;  // destination address to pad, without FCS
    localparam [2:0]  AFTER_ADDRESS  = 3'd7;   // number of the octet

    reg [2:0]  state, state_next;
    reg [3:0]  index, index_next;      // of the nibble: in the header, in a word (bits 2..0), in the FCS
    reg        counts;                 // count (number of the present octet, 1 for the first; in a jam: of the nibble) goes on
    reg        last;                   // the present octet is the last; registered in its first nibble
    reg        jam_pending, jam_pending_next;
    reg        in_frame;               // the first word has been used up
    reg        was_underrun;
    reg        was_header;             // the first nibble of the destination address goes out
    reg        in_address;             // TXD is one of its nibbles
    reg [31:0] crc;
    wire [31:0] crc_next;

    reg [3:0] nibble;   // what goes out at this edge
    reg       error;
    reg       take;     // the word is used up at this edge
    reg       missing;

    wire word_here = word_valid && (in_frame || (word_first && word_tag == wanted_tag));
    wire discard   = word_valid && !in_frame && !(word_first && word_tag == wanted_tag);
    wire high      = index[0];
    wire more_pad  = pad_enable && fcs_enable && count < MINIMUM_OCTETS;
    wire short_jam = jam_nibbles[5:1] == 5'd0;
    wire jam_now   = collision && state != HEADER;

    wire [3:0] data_nibble = word_data[{index[2:0], 2'b00} +: 4];
    wire [3:0] crc_input   = state == FCS ? crc[3:0] : nibble;

    assign word_ready        = take || discard;
    assign transmitting_next = start || (tx_en && state != FALL);
    assign ending            = state == FALL;
    assign underrun          = was_underrun;
    assign may_collide       = state == HEADER && !jam_pending || state == DATA || state == PAD || state == FCS;
    assign jam_first         = jam_pending ? state == JAM : jam_now;

    crc32_nibble crc_step (.crc(crc), .nibble(crc_input), .next(crc_next));

    always @* begin
        state_next       = state;
        index_next       = index + 4'd1;
        counts           = high && (state == DATA || state == PAD || state == FCS);
        jam_pending_next = jam_pending;
        nibble           = PREAMBLE_NIBBLE;
        error            = 1'b0;
        take             = 1'b0;
        missing          = 1'b0;
        case (state)
            IDLE: begin
                index_next       = 4'd1;
                jam_pending_next = 1'b0;
                if (start) state_next = HEADER;
                else nibble = 4'd0;
            end
            HEADER: begin
                if (collision) jam_pending_next = 1'b1;
                if (index == LAST_HEADER) begin
                    nibble     = SFD_NIBBLE;
                    state_next = DATA;
                    if (jam_pending || collision) state_next = JAM;
                end
            end
            DATA: begin
                nibble = data_nibble;
                if (high) begin
                    take       = last || &index[2:0];
                    if (last) begin
                        index_next = 4'd0;
                        state_next = more_pad ? PAD : fcs_enable ? FCS : FALL;
                    end
                end
                if (index[2:0] == 3'd0 && !word_here) begin
                    missing    = 1'b1;
                    nibble     = PREAMBLE_NIBBLE;
                    error      = 1'b1;
                    state_next = BREAK;
                end
            end
            PAD: begin
                nibble = 4'd0;
                if (high && count == MINIMUM_OCTETS) begin
                    index_next = 4'd0;
                    state_next = FCS;
                end
            end
            FCS: begin
                nibble = ~crc[3:0];
                if (index[2:0] == 3'd7) state_next = FALL;
            end
            JAM: begin
                nibble           = JAM_NIBBLE;
                jam_pending_next = 1'b0;
                counts           = 1'b1;
                if (short_jam || count[5:0] == jam_nibbles) state_next = FALL;
            end
            BREAK: begin
                error      = 1'b1;
                state_next = FALL;
            end
            FALL: begin
                nibble     = 4'd0;
                state_next = IDLE;
            end
        endcase
        if (jam_now) begin  // this nibble is already the first of the jam
            nibble        = JAM_NIBBLE;
            error         = 1'b0;
            take          = 1'b0;
            missing       = 1'b0;
            state_next    = short_jam ? FALL : JAM;
        end
    end

    always @(posedge clk_tx) begin
        state       <= state_next;
        index       <= index_next;
        if (counts) count <= count + 11'd1;
        if (jam_now) count <= 11'd2;
        if (state == HEADER) count <= 11'd1;
        jam_pending <= jam_pending_next;
        if (!high) last <= count == octets;
        if (take) in_frame <= 1'b1;
        if (collision || ending || missing) in_frame <= 1'b0;
        was_underrun <= missing || (was_underrun && !ending);
        crc   <= state == HEADER ? 32'hFFFFFFFF : crc_next;
        // The address is looked at while it is on TXD, one edge after it was chosen.
        was_header <= state == HEADER;
        if (count[2:0] == AFTER_ADDRESS) in_address <= 1'b0;
        if (state == HEADER) in_address <= 1'b1;
        if (in_address && txd != 4'hF) broadcast <= 1'b0;
        if (was_header) begin
            multicast <= nibble[0];
            broadcast <= 1'b1;
        end
        txd   <= nibble;
        tx_en <= transmitting_next;
        tx_er <= error;
        if (rst) begin
            state        <= IDLE;
            in_frame     <= 1'b0;
            was_underrun <= 1'b0;
            txd          <= 4'd0;
            tx_en        <= 1'b0;
            tx_er        <= 1'b0;
        end
    end

`ifdef FORMAL
`include "tx_mac_properties.vh"
`endif
endmodule
