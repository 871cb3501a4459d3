// Whose frame it is, and what its Length/Type says: collects the first words of a received frame.
//
// IEEE Std 802.3-2022 4.2.9 (RecognizeAddress), 3.2.6; PAUSE: Annex 31B. Clock clk_bus. word is taken at an edge
// with word_valid, index its number in the frame (5 or more stay 5). The results hold from the fourth word on until
// the next frame; hash, which selects the multicast hash entry, is_broadcast, pause_address and pause_type come with the
// end mark (rx_address).
// Station address and Length/Type: octet 0 of the frame in bits 7..0 of word 0.
`default_nettype none
`timescale 1ns/1ps

module rx_filter (
    input  wire        clk_bus,
    // Configuration
    input  wire [47:0] mac_address,
    input  wire [63:0] multicast_hash,
    input  wire        accept_all,
    input  wire        accept_broadcast,
    input  wire        accept_multicast,
    // Words
    input  wire [31:0] word,
    input  wire        word_valid,
    input  wire [2:0]  index,
    // End mark
    input  wire [5:0]  hash,
    input  wire        is_broadcast,
    input  wire        pause_address,
    input  wire        pause_type,
    // Results
    output wire        is_ours,
    output wire        is_multicast,   // group address other than broadcast
    output reg  [15:0] length_type,
    output wire        is_pause,       // Type and opcode of a PAUSE frame, addressed to this MAC control sublayer
    output reg  [15:0] pause_quanta
);
    reg group, own;

    assign is_multicast = group && !is_broadcast;
    assign is_ours      = accept_all || own || (is_broadcast && accept_broadcast)
                        || (is_multicast && accept_multicast && multicast_hash[hash]);
    assign is_pause     = pause_type && (pause_address || own);

    always @(posedge clk_bus)
        if (word_valid) case (index)
            3'd0: begin
                group <= word[0];
                own   <= word == mac_address[31:0];
            end
            3'd1: own <= own && word[15:0] == mac_address[47:32];
            3'd3: length_type <= {word[7:0], word[15:8]};
            3'd4: pause_quanta <= {word[7:0], word[15:8]};
            default: ;
        endcase
endmodule
