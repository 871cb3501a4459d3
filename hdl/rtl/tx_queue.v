// Order of the transmit slots, and the conversation with the MAC: one request at a time.
//
// Clock clk_bus; rst empties the queue, rst_path (which may last longer) puts the toggles at rest and holds
// requests back. push appends a slot. With the MAC free and enable high, the request (toggle) changes at an edge with
// slot_bus; issue is that edge, at which head_octets must be those of head_slot; request_octets and the flags are held
// still from then on. While nothing waits, head_slot is push_slot, so that the first may be issued in the turn of its
// push. A PAUSE frame (pause_send, a pulse) goes before queued slots.
// The MAC answers by making served equal to request, with its outcome held still: from the second edge after the
// first that samples it on, done is a pulse at the first edge with slot_fetch, with done_slot, done_status (TX_STATUS
// bits 12..0) and done_late_collisions; done_control tells a PAUSE frame from a slot.
`default_nettype none
`timescale 1ns/1ps

module tx_queue (
    input  wire        clk_bus,
    input  wire        rst,
    input  wire        rst_path,
    input  wire        slot_bus,
    input  wire        slot_fetch,
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

    reg [7:0] order;           // a ring of four slot numbers
    reg [2:0] oldest, newest;  // the place of the oldest, and the first free one; equal: nothing waits
    reg       busy;

    // Crossing: a toggle beside an outcome that is held still.
    wire served_here;
    sync_2ff cross_served (.clk(clk_bus), .d(served), .q(served_here));

    wire empty = oldest == newest;

    assign head_slot     = empty ? push_slot : order[{oldest[1:0], 1'b0} +: 2];
    assign issue_control = pause_sending;
    assign issue         = slot_bus && !busy && enable && !rst_path && (pause_sending || !empty);
    assign done          = slot_fetch && busy && served_here == request;
    assign done_control  = request_control;

    always @(posedge clk_bus) begin
        if (push) begin
            order[{newest[1:0], 1'b0} +: 2] <= push_slot;
            newest <= newest + 3'd1;
        end
        if (issue && !issue_control) oldest <= oldest + 3'd1;
        if (pause_send) pause_sending <= 1'b1;
        if (issue) begin
            busy            <= 1'b1;
            request         <= !request;
            request_control <= issue_control;
            request_octets  <= head_octets;
            if (issue_control) request_octets <= PAUSE_OCTETS;
            request_pad     <= issue_control || pad_enable;
            request_fcs     <= issue_control || fcs_enable;
            done_slot       <= head_slot;
        end
        if (done) begin
            busy <= 1'b0;
            if (request_control) pause_sending <= 1'b0;
        end
        if (rst) begin
            oldest        <= 3'd0;
            newest        <= 3'd0;
            pause_sending <= 1'b0;
        end
        if (rst_path) begin
            busy            <= 1'b0;
            request         <= 1'b0;
            request_control <= 1'b0;
        end
    end

    // {late collisions, underrun, SQE missing, CRS lost, EXC_COL, EXC_DEFERRAL, DEFERRED, collisions, OK}, see csma_cd
    assign done_late_collisions = outcome[16:12];
    assign done_status          = {outcome[11:8], outcome[16:12] != 5'd0, outcome[7:0]};
endmodule
