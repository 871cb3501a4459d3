// Order of the transmit slots, and the conversation with the MAC: one request at a time.
//
// Clock clk_bus; rst empties the queue, rst_path (which may last longer) puts the toggles at rest and holds
// requests back. push appends a slot. With the MAC free and enable high, the request (toggle) changes at the edge
// after the push, or after the end of the frame before; issue is that edge, at which the slot head_slot must show
// its head_page and head_octets; request_octets and the flags are held still from then on. A PAUSE frame
// (pause_send, a pulse) goes before queued slots.
// The MAC answers by making served equal to request, with its outcome held still: two edges after the first that
// samples it, done is a pulse, with done_slot, done_status (TX_STATUS bits 12..0) and done_late_collisions;
// done_control tells a PAUSE frame from a slot.
`default_nettype none
`timescale 1ns/1ps

module tx_queue (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        rst_path,
    // Slots
    input  wire        enable,
    input  wire        push,
    input  wire [1:0]  push_slot,
    output wire [1:0]  head_slot,
    input  wire [10:0] head_octets,
    input  wire        pause_send,
    output reg         pause_sending,
    // Configuration
    input  wire        pad_enable,
    input  wire        fcs_enable,
    // Fetch
    output wire        issue,
    output wire        issue_control,
    // MAC; served and outcome belong to clk_tx
    output reg         request,
    output reg  [10:0] request_octets,
    output reg         request_pad,
    output reg         request_fcs,
    output reg         request_control,
    input  wire        served,
    input  wire [16:0] outcome,
    // End
    output wire        done,
    output wire        done_control,
    output reg  [1:0]  done_slot,
    output wire [12:0] done_status,
    output wire [4:0]  done_late_collisions
);
    localparam [10:0] PAUSE_OCTETS = 11'd18;  // addresses, Length/Type, opcode, pause_time; the MAC pads

    reg [7:0] order;  // slot numbers, the oldest in bits 1..0
    reg [2:0] count;
    reg       busy;

    // Crossing: a toggle beside an outcome that is held still.
    wire served_here;
    sync_2ff cross_served (.clk(clk_bus), .d(served), .q(served_here));

    assign head_slot     = order[1:0];
    assign issue_control = pause_sending;
    assign issue         = !busy && enable && !rst_path && (pause_sending || count != 3'd0);
    assign done          = busy && served_here == request;
    assign done_control  = request_control;

    wire pop = issue && !issue_control;

    always @(posedge clk_bus) begin
        if (pop) order <= {2'd0, order[7:2]};
        if (push) begin
            case (pop ? count - 3'd1 : count)
                3'd0:    order[1:0] <= push_slot;
                3'd1:    order[3:2] <= push_slot;
                3'd2:    order[5:4] <= push_slot;
                default: order[7:6] <= push_slot;
            endcase
        end
        count <= count + {2'd0, push} - {2'd0, pop};
        if (pause_send) pause_sending <= 1'b1;
        if (issue) begin
            busy            <= 1'b1;
            request         <= !request;
            request_control <= issue_control;
            request_octets  <= issue_control ? PAUSE_OCTETS : head_octets;
            request_pad     <= issue_control || pad_enable;
            request_fcs     <= issue_control || fcs_enable;
            done_slot       <= head_slot;
        end
        if (done) begin
            busy <= 1'b0;
            if (request_control) pause_sending <= 1'b0;
        end
        if (rst) begin
            count         <= 3'd0;
            pause_sending <= 1'b0;
        end
        if (rst_path) begin
            busy            <= 1'b0;
            request         <= 1'b0;
            request_octets  <= 11'd0;
            request_control <= 1'b0;
        end
    end

    // {late collisions, underrun, SQE missing, CRS lost, EXC_COL, EXC_DEFERRAL, DEFERRED, collisions, OK}, see csma_cd
    assign done_late_collisions = outcome[16:12];
    assign done_status          = {outcome[11:8], outcome[16:12] != 5'd0, outcome[7:0]};
endmodule
