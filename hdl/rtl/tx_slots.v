// Registers of the transmit slots: page, octets, SEND and the outcome.
//
// Clock clk_bus; rst clears all. Written at the edge with execute_write; read_data is combinational from the
// address.
// A SEND that can be sent pushes the slot (push, push_slot: pulse at the execute edge); one that cannot is finished
// one edge later with BAD_COMMAND (refused: pulse at that edge). A write to a slot that is queued is ignored
// (busy_slot: pulse).
// head_slot selects head_page and head_octets. finish (pulse) ends finish_slot with finish_status.
// Parameters: BUFFER_PAGES, TX_SLOTS: as built.
// Not done here: the order of the slots (tx_queue) and the time when they finished (tx_time).
`default_nettype none
`timescale 1ns/1ps

module tx_slots #(
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS     = 4
) (
    input  wire        clk_bus,
    input  wire        rst,
    // Access
    input  wire        execute_write,
    input  wire [14:2] address,
    input  wire [10:0] write_data,
    output reg  [31:0] read_data,
    // Configuration
    input  wire        fcs_enable,
    input  wire [10:0] max_frame,
    // Queue
    output wire        push,
    output wire [1:0]  push_slot,
    input  wire [1:0]  head_slot,
    output wire [7:0]  head_page,
    output wire [10:0] head_octets,
    input  wire        finish,
    input  wire [1:0]  finish_slot,
    input  wire [12:0] finish_status,  // TX_STATUS bits 12..0
    // Events
    output reg         refused,
    output wire        busy_slot,
    output wire        any_busy
);
`include "nic_regmap.vh"
    localparam [10:0] HEADER_OCTETS = 11'd14;  // addresses and Length/Type: shorter is no frame
    localparam [11:0] FCS_OCTETS    = 12'd4;
    localparam [8:0]  PAGES         = BUFFER_PAGES;
    localparam        MAX_SLOTS     = 4;       // that the address map has room for

    wire [1:0] slot    = address[5:4];
    wire       in_slot = execute_write && address[14:6] == REG_TX_PAGE[14:6];

    // One field of every slot side by side, slot 0 lowest. Slots that are not built stay 0.
    wire [8*MAX_SLOTS-1:0]  page;
    wire [11*MAX_SLOTS-1:0] octets;
    wire [MAX_SLOTS-1:0]    send, finished, bad_command;
    wire [13*MAX_SLOTS-1:0] status;

    // Would the frame of the slot that is written be sendable?
    wire [10:0] here_octets = octets[11*slot +: 11];
    wire [11:0] wire_octets = {1'b0, here_octets} + (fcs_enable ? FCS_OCTETS : 12'd0);
    wire [8:0]  end_page    = {1'b0, page[8*slot +: 8]} + {6'd0, here_octets[10:8]} + {8'd0, here_octets[7:0] != 8'd0};
    wire        sendable    = here_octets >= HEADER_OCTETS && wire_octets <= {1'b0, max_frame} && end_page <= PAGES;

    wire idle_write = in_slot && !send[slot];
    wire command    = idle_write && address[3:2] == REG_TX_COMMAND[3:2] && write_data[TX_COMMAND_SEND_LSB];
    reg  [1:0] refused_slot;

    assign push        = command && sendable;
    assign push_slot   = slot;
    assign busy_slot   = in_slot && send[slot];
    assign any_busy    = |send;
    assign head_page   = page[8*head_slot +: 8];
    assign head_octets = octets[11*head_slot +: 11];

    always @(posedge clk_bus) begin
        refused      <= command && !sendable && !rst;
        refused_slot <= slot;
    end

    genvar i;
    generate
        if (TX_SLOTS < 1 || TX_SLOTS > MAX_SLOTS) begin : range_check
            PARAMETER_TX_SLOTS_OUT_OF_RANGE invalid();
        end
        for (i = 0; i < MAX_SLOTS; i = i + 1) begin : slots
            if (i < TX_SLOTS) begin : built
                localparam [1:0] NUMBER = i;
                reg [7:0]  my_page;
                reg [10:0] my_octets;
                reg        my_send, my_finished, my_bad;
                reg [12:0] my_status;
                wire       write_here  = idle_write && slot == NUMBER;
                wire       finish_here = finish && finish_slot == NUMBER;
                wire       refuse_here = refused && refused_slot == NUMBER;

                always @(posedge clk_bus) begin
                    if (write_here && address[3:2] == REG_TX_PAGE[3:2])   my_page   <= write_data[7:0];
                    if (write_here && address[3:2] == REG_TX_OCTETS[3:2]) my_octets <= write_data[10:0];
                    if (finish_here || refuse_here) begin
                        my_send     <= 1'b0;
                        my_finished <= 1'b1;
                    end
                    if (finish_here) my_status <= finish_status;
                    if (refuse_here) my_bad <= 1'b1;
                    if (command && slot == NUMBER) begin
                        my_send     <= 1'b1;
                        my_finished <= 1'b0;
                        my_bad      <= 1'b0;
                        my_status   <= 13'd0;
                    end
                    if (rst) begin
                        my_page     <= 8'd0;
                        my_octets   <= 11'd0;
                        my_send     <= 1'b0;
                        my_finished <= 1'b0;
                        my_bad      <= 1'b0;
                        my_status   <= 13'd0;
                    end
                end
                assign page[8*i +: 8]     = my_page;
                assign octets[11*i +: 11] = my_octets;
                assign status[13*i +: 13] = my_status;
                assign send[i]            = my_send;
                assign finished[i]        = my_finished;
                assign bad_command[i]     = my_bad;
            end else begin : absent
                assign page[8*i +: 8]     = 8'd0;
                assign octets[11*i +: 11] = 11'd0;
                assign status[13*i +: 13] = 13'd0;
                assign send[i]            = 1'b0;
                assign finished[i]        = 1'b0;
                assign bad_command[i]     = 1'b0;
            end
        end
    endgenerate

    always @*
        case (address[3:2])
            REG_TX_PAGE[3:2]:    read_data = {24'd0, page[8*slot +: 8]};
            REG_TX_OCTETS[3:2]:  read_data = {21'd0, here_octets};
            REG_TX_COMMAND[3:2]: read_data = {31'd0, send[slot]};
            default:             read_data = {finished[slot], 17'd0, bad_command[slot], status[13*slot +: 13]};
        endcase
endmodule
