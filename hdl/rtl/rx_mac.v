// Receive framing: SFD hunt, octets from nibbles, FCS check, length; one nibble per RX_CLK edge.
//
// IEEE Std 802.3-2022 3.2, 4.2.9, clause 22; docs/adapter.md "Receive MAC". Clock clk_rx; rst abandons what is
// being received.
// A reception begins when RX_DV rises while blank is low and enable high; at any edge with RX_DV high and blank
// high or enable low it is abandoned, and so is what remains of it.
// Output stream (no back pressure: the FIFO behind it is emptied faster than a MII fills it): words of four octets,
// octet 0 in bits 7..0, at the edge of their last octet; word_first marks the first of a frame; a partial word,
// filled with zeros, at the edge that samples RX_DV low; one edge later, with word_end, the end mark {5'b0, octets[10:0],
// 3'b0, PAUSE type, PAUSE address, broadcast, cut, symbol error, dribble, FCS good, hash[5:0]}. A frame that was abandoned
// has no end mark.
// Frames are cut after 2047 octets (cut = 1). hash: bits 31..26 of the CRC register after the destination address.
// Not done here: whose frame it is, and what its length and Length/Type mean (rx_store).
`default_nettype none
`timescale 1ns/1ps

module rx_mac (
    input  wire        clk_rx,
    input  wire        rst,
    input  wire        enable,
    input  wire        blank,
    // MII
    input  wire [3:0]  rxd,
    input  wire        rx_dv,
    input  wire        rx_er,
    // Words
    output wire [31:0] word_data,
    output wire        word_first,
    output wire        word_end,
    output wire        word_valid,
    output reg         receiving
);
    localparam [1:0] DROP  = 2'd0;  // ignore everything until RX_DV is low
    localparam [1:0] READY = 2'd1;  // RX_DV was low at the last edge
    localparam [1:0] HUNT  = 2'd2;  // preamble, until the SFD
    localparam [1:0] FRAME = 2'd3;  // octets

    localparam [3:0]  PREAMBLE_NIBBLE = 4'h5;
    localparam [3:0]  SFD_NIBBLE      = 4'hD;
    localparam [31:0] CRC_PRESET      = 32'hFFFFFFFF;
    localparam [31:0] CRC_RESIDUE     = 32'hDEBB20E3;
    localparam [10:0] LONGEST         = 11'd2047;
    localparam [10:0] ADDRESS_OCTETS  = 11'd6;

    reg [1:0]  state, state_next;
    reg [3:0]  previous;       // nibble of the edge before
    reg        high;           // the next nibble is the upper half of an octet
    reg [10:0] octets;         // complete ones
    reg [7:0]  lane0, lane1, lane2;
    reg        fed;            // `previous` belongs to the FCS
    reg        dribble;
    reg        symbol_error;
    reg        cut;
    reg        end_due;        // the end mark goes out at this edge
    reg [5:0]  hash;
    reg [31:0] crc;
    wire [31:0] crc_next;

    wire allowed  = enable && !blank;
    wire sfd      = state == HUNT && rx_dv && allowed && previous == PREAMBLE_NIBBLE && rxd == SFD_NIBBLE;
    wire data     = state == FRAME && rx_dv && allowed;
    wire finished = state == FRAME && !rx_dv;
    wire full     = octets == LONGEST;
    wire octet    = data && high && !full;  // an octet becomes complete

    // The CRC takes each nibble one edge late, so that a dribble nibble never enters it.
    crc32_nibble crc_step (.crc(crc), .nibble(previous), .next(crc_next));
    wire feed = fed && (data || (finished && !high));

    wire broadcast, pause_address, pause_type;
    rx_address address (
        .clk_rx(clk_rx), .begins(sfd), .octet_valid(octet), .index(octets), .octet({rxd, previous}),
        .broadcast(broadcast), .pause_address(pause_address), .pause_type(pause_type)
    );

    always @* begin
        state_next = state;
        case (state)
            DROP:    if (!rx_dv && allowed) state_next = READY;
            READY:   if (!allowed) state_next = DROP;
                     else if (rx_dv) state_next = HUNT;
            HUNT:    if (!rx_dv) state_next = allowed ? READY : DROP;
                     else if (!allowed) state_next = DROP;
                     else if (sfd) state_next = FRAME;
            default: if (!rx_dv) state_next = allowed ? READY : DROP;
                     else if (!allowed) state_next = DROP;
        endcase
    end

    always @(posedge clk_rx) begin
        state     <= state_next;
        receiving <= state_next[1];
        previous  <= rxd;
        end_due   <= finished && octets != 11'd0;
        if (feed) crc <= crc_next;
        if (data) begin
            high <= !high;
            fed  <= 1'b1;
            if (rx_er) symbol_error <= 1'b1;
            if (high && full) cut <= 1'b1;
            if (high && octets == ADDRESS_OCTETS) hash <= {crc[0], crc[1], crc[2], crc[3], crc[4], crc[5]};
        end
        if (finished) dribble <= high;
        if (octet) begin
            octets <= octets + 11'd1;
            case (octets[1:0])
                2'd0: lane0 <= {rxd, previous};
                2'd1: lane1 <= {rxd, previous};
                2'd2: lane2 <= {rxd, previous};
                default: ;
            endcase
            if (octets[1:0] == 2'd0) begin
                lane1 <= 8'd0;
                lane2 <= 8'd0;
            end
        end
        if (sfd) begin
            high         <= 1'b0;
            fed          <= 1'b0;
            octets       <= 11'd0;
            symbol_error <= 1'b0;
            cut          <= 1'b0;
            crc          <= CRC_PRESET;
        end
        if (rst) begin
            state     <= DROP;
            receiving <= 1'b0;
            end_due   <= 1'b0;
        end
    end

    wire [7:0]  lane3    = octet ? {rxd, previous} : 8'd0;
    wire [31:0] end_mark = {5'd0, octets, 3'd0, pause_type, pause_address, broadcast,
                             cut, symbol_error, dribble, crc == CRC_RESIDUE, hash};

    assign word_data  = end_due ? end_mark : {lane3, lane2, lane1, lane0};
    assign word_end   = end_due;
    assign word_first = octets[10:2] == 9'd0 && !end_due;
    assign word_valid = end_due || (octet && octets[1:0] == 2'd3) || (finished && octets[1:0] != 2'd0);
endmodule
