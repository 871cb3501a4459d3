// What the driver writes and reads back, in one block RAM of 32 bits: configuration, transmit slots, constants.
//
// Clock clk_bus. Word n is the register at byte address 4 * n of the map (rig/adapter/regmap.yaml); bits without a field
// are stored as 0, and so is a write to a register that is no plain storage. Logic that needs a configuration bit all
// the time keeps a copy of its own (nic_registers). Words 0 to 3 are constant.
// Write side: an edge takes write_word and write_data with `write`, or TX_STATUS of status_slot: DONE and status (bits
// 12..0) with finish, DONE and BAD_COMMAND with refuse. While rst is high the words of sweep take their reset values
// instead, one an edge: all of them within 16 clocks. PAGE, OCTETS and STATUS of the slots are not swept: tx_slots knows
// which of them are valid.
// Read side: read_data is, from the next edge on, word read_word as it was before this edge, or 0 with read_blank.
// Parameters: CAPS, BUS_HZ, MAP_HASH_WORD: the constants.
`default_nettype none
`timescale 1ns/1ps

module register_file #(
    parameter [31:0] CAPS   = 0,
    parameter [31:0] BUS_HZ = 50_000_000
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire [3:0]  sweep,          // counts while rst is high
    // Write
    input  wire        write,
    input  wire [5:0]  write_word,
    input  wire [31:0] write_data,
    input  wire        refuse_rx_en,   // a write to CTRL leaves RX_EN 0
    input  wire        finish,
    input  wire        refuse,
    input  wire [1:0]  status_slot,
    input  wire [12:0] status,
    // Read
    input  wire [5:0]  read_word,
    input  wire        read_blank,
    output reg  [31:0] read_data
);
`include "nic_regmap.vh"
    localparam WORDS = 128;  // the upper half is 0 and never written

    // no_rw_check: what is read at the very edge of its write is not used.
    (* no_rw_check *) reg [31:0] memory [0:WORDS-1];
    integer i;
    initial begin
        for (i = 0; i < WORDS; i = i + 1) memory[i] = 32'd0;
        memory[REG_ID[8:2]]            = ID_RESET;
        memory[REG_CAPS[8:2]]          = CAPS;
        memory[REG_MAP_HASH[8:2]]      = MAP_HASH;
        memory[REG_BUS_HZ[8:2]]        = BUS_HZ;
        memory[REG_CTRL[8:2]]          = CTRL_RESET;
        memory[REG_IPG[8:2]]           = IPG_RESET;
        memory[REG_COLLISION_CFG[8:2]] = COLLISION_CFG_RESET;
        memory[REG_RX_CFG[8:2]]        = RX_CFG_RESET;
    end

    // Bits that exist
    reg [31:0] fields;
    always @*
        case (write_word)
            REG_CTRL[7:2]:           fields = {21'd0, 9'h1FF, !refuse_rx_en, 1'b1};
            REG_IRQ_MODERATION[7:2]: fields = 32'h00FFFFFF;
            REG_IPG[7:2], REG_MAC_ADDR_HI[7:2]: fields = 32'h0000FFFF;
            REG_COLLISION_CFG[7:2]:  fields = 32'hFF3FF1FF;
            REG_BACKOFF_SEED[7:2], REG_MAC_ADDR_LO[7:2], REG_MHASH_LO[7:2], REG_MHASH_HI[7:2]: fields = 32'hFFFFFFFF;
            REG_RX_CFG[7:2]:         fields = 32'h07FF001F;
            REG_PAUSE_CFG[7:2]:      fields = 32'h0001FFFF;
            REG_MDIO[7:2]:           fields = 32'h0FFF0000;
            REG_INT_MASK[7:2], REG_RX_START[7:2], REG_RX_STOP[7:2], REG_RX_BNRY[7:2]: fields = 32'h000000FF;
            default:
                if (!write_word[5])                               fields = 32'd0;
                else if (write_word[1:0] == REG_TX_PAGE[3:2])     fields = 32'h000000FF;
                else if (write_word[1:0] == REG_TX_OCTETS[3:2])   fields = 32'h000007FF;
                else                                              fields = 32'd0;
        endcase

    // Reset values. What 16 clocks have no turn for is no storage.
    reg [5:0]  sweep_word;
    reg [31:0] sweep_data;
    always @* begin
        case (sweep)
            4'd0:    sweep_word = REG_MHASH_HI[7:2];
            4'd1:    sweep_word = REG_RX_CFG[7:2];
            4'd2:    sweep_word = REG_RX_START[7:2];
            4'd3:    sweep_word = REG_RX_STOP[7:2];
            4'd5:    sweep_word = REG_RX_BNRY[7:2];
            4'd6:    sweep_word = REG_PAUSE_CFG[7:2];
            4'd12:   sweep_word = REG_MDIO[7:2];
            default: sweep_word = {2'b00, sweep};  // CTRL to MHASH_LO
        endcase
        case (sweep)
            4'd1:    sweep_data = RX_CFG_RESET;
            REG_CTRL[5:2]: sweep_data = CTRL_RESET;
            REG_IPG[5:2]: sweep_data = IPG_RESET;
            REG_COLLISION_CFG[5:2]: sweep_data = COLLISION_CFG_RESET;
            default: sweep_data = 32'd0;
        endcase
    end

    // One of the three at a time; the others are 0.
    wire [31:0] written  = write ? write_data & fields : 32'd0;
    wire [31:0] swept    = rst ? sweep_data : 32'd0;
    wire        finishes = finish && !rst;  // which may be unknown before the first edge of a reset
    wire        refuses  = refuse && !rst;
    wire [31:0] outcome  = {finishes || refuses, 17'd0, refuses, finishes ? status : 13'd0};
    wire [5:0]  to_word  = rst ? sweep_word : write ? write_word : {2'b10, status_slot, REG_TX_STATUS[3:2]};

    always @(posedge clk_bus) begin
        if (rst || write || finishes || refuses) memory[{1'b0, to_word}] <= written | swept | outcome;
        read_data <= memory[{read_blank, read_word}];
    end
endmodule
