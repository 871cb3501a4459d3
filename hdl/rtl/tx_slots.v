// The transmit slots: which are queued or finished, and whether a command can be obeyed.
//
// Clock clk_bus; rst clears all. PAGE, OCTETS and STATUS are words of the register file, which this module reads in turn:
// file_word is valid before every edge, file_data is its content before the next one.
//   slot_fetch  what the bus reads; in a write, OCTETS of the slot that is written
//   slot_take  its PAGE
//   slot_store  OCTETS of head_slot: file_data at the edge with slot_bus
//   slot_bus    its PAGE: file_data at the edge with slot_fetch
// file_blank: the word has not been written since reset, or the bus reads in reset what is not constant, or
// elsewhere (0). address and write_data are the master's, stable
// until slot_store.
// A SEND marks the slot at the execute edge; three edges later (slot_store) it is pushed (push, push_slot: pulse), or,
// if it cannot be sent, finished with BAD_COMMAND (refused: pulse). A write to a slot that is queued is to be ignored
// (busy_slot: pulse). finish (pulse, at slot_fetch) ends finish_slot.
// Parameters: BUFFER_PAGES, TX_SLOTS: as built.
// Not done here: the order of the slots (tx_queue) and the time when they finished (time_stamps).
`default_nettype none
`timescale 1ns/1ps

module tx_slots #(
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS     = 4
) (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        slot_bus,
    input  wire        slot_fetch,
    input  wire        slot_take,
    input  wire        slot_store,
    // Access
    input  wire        execute_write,
    input  wire        is_write,
    input  wire [14:2] address,
    input  wire        write_send,     // bit of the command
    output wire        send_here,      // TX_COMMAND.SEND of the slot that is addressed
    // Register file
    output reg  [5:0]  file_word,
    output wire        file_blank,
    input  wire [10:0] file_data,
    // Configuration
    input  wire        fcs_enable,
    input  wire [10:0] frame_spare,    // 2047 - MAX_FRAME
    // Queue
    output wire        push,
    output wire [1:0]  push_slot,
    input  wire [1:0]  head_slot,
    input  wire        finish,
    input  wire [1:0]  finish_slot,
    // Events
    output wire        refused,
    output wire        busy_slot,
    output wire        any_busy
);
`include "nic_regmap.vh"
    localparam [10:0] HEADER_OCTETS = 11'd14;  // addresses and Length/Type: shorter is no frame
    localparam [8:0]  PAGES         = BUFFER_PAGES;
    localparam        MAX_SLOTS     = 4;       // that the address map has room for
    generate
        if (TX_SLOTS < 1 || TX_SLOTS > MAX_SLOTS) begin : range_check
            PARAMETER_TX_SLOTS_OUT_OF_RANGE invalid();
        end
    endgenerate

    reg [MAX_SLOTS-1:0] send, finished;
    reg [MAX_SLOTS-1:0] page_known, octets_known;  // written since reset
    reg                 in_reset;                  // the access of this turn
    reg                 checking;                  // a command is being looked at in this turn
    reg                 octets_good;
    reg [3:0]           pages;                     // that the frame takes

    wire [1:0] slot     = address[5:4];
    wire       in_slot  = address[14:6] == REG_TX_PAGE[14:6];
    wire       at_slot  = execute_write && in_slot;
    wire       free_write = at_slot && !send[slot];
    wire       command  = free_write && address[3:2] == REG_TX_COMMAND[3:2] && write_send;

    // Register file
    wire [1:0] read_slot = slot_fetch || slot_take ? slot : head_slot;
    reg        known;
    always @* begin
        file_word = {2'b10, read_slot, REG_TX_PAGE[3:2]};
        if (slot_fetch) file_word = {address[7:6], slot, is_write ? REG_TX_OCTETS[3:2] : address[3:2]};
        if (slot_store) file_word = {2'b10, read_slot, REG_TX_OCTETS[3:2]};
        case (file_word[1:0])
            REG_TX_PAGE[3:2]:   known = page_known[read_slot];
            REG_TX_OCTETS[3:2]: known = octets_known[read_slot];
            default:            known = finished[read_slot];
        endcase
    end
    assign file_blank = (file_word[5] && !known) || (slot_fetch && (address[14:8] != 7'd0 || (in_reset && address[7:4] != 4'd0)));

    // Can the frame be sent? With an FCS to come there must be room for 4 more octets.
    wire [1:0]  unused_room;
    wire [8:0]  missing_room;  // 511 less the room in words
    wire        too_long;
    assign {too_long, missing_room, unused_room} = {1'b0, file_data} + {1'b0, frame_spare};
    wire [8:0]  end_page     = {1'b0, file_data[7:0]} + {5'd0, pages};
    wire        sendable     = octets_good && end_page <= PAGES;

    assign send_here = send[slot];
    assign busy_slot = at_slot && send[slot];
    assign any_busy  = |send;
    assign push      = checking && slot_store && sendable;
    assign refused   = checking && slot_store && !sendable;
    assign push_slot = slot;

    always @(posedge clk_bus) begin
        if (slot_bus) begin
            checking <= command;
            in_reset <= rst;
        end
        if (slot_take) begin
            octets_good <= file_data >= HEADER_OCTETS && !too_long && (!fcs_enable || missing_room != 9'd511);
            pages       <= {1'b0, file_data[10:8]} + {3'd0, file_data[7:0] != 8'd0};
        end
        if (free_write && address[3:2] == REG_TX_PAGE[3:2])   page_known[slot]   <= 1'b1;
        if (free_write && address[3:2] == REG_TX_OCTETS[3:2]) octets_known[slot] <= 1'b1;
        if (command) begin
            send[slot]     <= 1'b1;
            finished[slot] <= 1'b0;
        end
        if (refused) begin
            send[slot]     <= 1'b0;
            finished[slot] <= 1'b1;
        end
        if (finish) begin
            send[finish_slot]     <= 1'b0;
            finished[finish_slot] <= 1'b1;
        end
        if (rst) begin
            send         <= 0;
            finished     <= 0;
            page_known   <= 0;
            octets_known <= 0;
            checking     <= 1'b0;
        end
    end
endmodule
