// CSMA/CD: when a frame starts, what a collision does, how often it is tried, and how it ended.
//
// IEEE Std 802.3-2022 4.2.8 (TransmitLinkMgmt), 5.2.4 (outcomes); docs/adapter.md "Transmit MAC and CSMA/CD". Clock
// clk_tx; rst forgets everything.
// Request: the frame is wanted while request != served; request_control marks a MAC control frame, which a pause
// does not hold. At the end served takes the value of request, and the outcome, which changes only then, is held
// still until the next one.
// retry toggles at each collision: the frame must be fetched again.
// Framing (tx_mac): start and collision are combinational and act at this edge. Deference and backoff: modules of
// their own.
// Outcome: {late collisions[4:0], underrun, SQE missing, CRS lost, EXC_COL, EXC_DEFERRAL, DEFERRED,
// collisions[4:0], OK}.
// In full duplex carrier, collision, SQE test and carrier sense errors do not exist.
`default_nettype none
`timescale 1ns/1ps

module csma_cd (
    input  wire        clk_tx,
    input  wire        rst,
    // Configuration
    input  wire        full_duplex,
    input  wire        sqe_test,        // the PHY gives an SQE test signal: 10 Mb/s
    input  wire        late_retry,
    input  wire        defer_forever,
    input  wire        force_collision,
    input  wire [4:0]  attempt_limit,
    input  wire [3:0]  backoff_limit,
    // Medium, synchronised
    input  wire        carrier_sense,
    input  wire        collision_detect,
    // Request
    input  wire        request,
    input  wire        request_control,
    output reg         served,
    output reg         retry,
    output reg  [16:0] outcome,
    input  wire        paused,
    // Deference
    input  wire        may_start,
    // Framing
    input  wire        transmitting,
    input  wire        may_collide,
    input  wire        ending,
    input  wire        underrun,
    output wire        start,
    output wire        collision,
    // Backoff
    input  wire        expired,
    input  wire        slot_elapsed,
    input  wire [9:0]  slots,
    output wire        window_grow,
    output wire        window_reset,
    output wire        draw,
    // Observation
    output wire        observe_waiting,
    output wire        observe_collided,
    output wire [4:0]  observe_attempt
);
    localparam [1:0] READY  = 2'd0;  // no attempt under way; waiting when there is a request and the backoff has expired
    localparam [1:0] ON_AIR = 2'd1;  // TX_EN is high
    localparam [1:0] SQE    = 2'd2;  // sent; the SQE test signal is due

    localparam [3:0]  SQE_NIBBLES      = 4'd15;    // last edge of the window in which the SQE test must be seen: 64 BT
    // A deferral is excessive at its 6072nd edge, 2 * 1518 * 8 BT (5.2.4.1): bit 13 is set after 6071.
    localparam [13:0] DEFERRAL_START = 14'd2121;  // 2 ** 13 - 6071, which ends in 01

    reg [1:0]  state;
    reg [3:0]  sqe_count;
    reg        sqe_seen;
    reg [13:0] deferral;       // DEFERRAL_START and the waiting edges of this attempt that did not start
    reg        carrier_seen;   // in this attempt
    reg        carrier_fault;  // carrier came and went
    reg        collided;       // in this attempt
    reg        late;           // ... and late
    reg        last_attempt;   // ... and it was the one that the attempt limit allows as the last
    reg        limit_is_next;  // one more collision would reach the attempt limit
    reg        was_done;       // or reset

    // Of the frame under way; the outcome takes them at its end.
    reg [4:0]  collisions;
    reg [4:0]  late_collisions;
    reg        deferred;
    reg        exc_deferral;
    reg        crs_lost;

    // Before the start
    wire waiting   = request != served && state == READY && expired && (request_control || !paused);
    wire held      = waiting && !may_start;
    wire excessive = held && deferral[13];
    wire dropped   = excessive && !defer_forever;

    assign start = waiting && may_start;

    // During the attempt
    wire       first_attempt   = collisions == 5'd0;
    wire [4:0] more_collisions = collisions + 5'd1;

    assign collision = may_collide && !full_duplex && (collision_detect || force_collision);

    // At its end
    wire final_collision = last_attempt || (late && !late_retry);
    wire sent            = ending && !collided;
    wire sqe_follows     = sent && sqe_test && !full_duplex && !underrun;
    wire sqe_over        = state == SQE && sqe_count == SQE_NIBBLES;
    wire carrier_error   = !full_duplex && (carrier_sense ? carrier_fault : 1'b1);
    wire done            = (ending && (collided ? final_collision : !sqe_follows)) || sqe_over || dropped;

    assign draw         = ending && collided && !final_collision;
    assign window_grow  = collision && collisions < {1'b0, backoff_limit};
    assign window_reset = was_done;  // long before the next collision

    always @(posedge clk_tx) begin
        // Deferral
        if (held) deferral <= deferral + 14'd1;
        if (held && first_attempt) deferred <= 1'b1;
        if (excessive) exc_deferral <= 1'b1;
        if (draw) deferral <= {DEFERRAL_START[13:2], slots == 10'd0, slots != 10'd0};  // then the edge of the draw is already a waiting one
        if (start) begin
            state         <= ON_AIR;
            carrier_seen  <= 1'b0;
            carrier_fault <= 1'b0;
            collided      <= 1'b0;
            late          <= 1'b0;
            crs_lost      <= 1'b0;
            sqe_seen      <= 1'b0;
            sqe_count     <= 4'd0;
        end
        // Attempt
        limit_is_next <= more_collisions == attempt_limit;  // settled long before the next collision
        was_done      <= done;
        if (transmitting && carrier_sense) carrier_seen <= 1'b1;
        if (transmitting && carrier_seen && !carrier_sense) carrier_fault <= 1'b1;
        if (collision) begin
            collided   <= 1'b1;
            late       <= slot_elapsed;
            last_attempt <= limit_is_next;
            collisions <= more_collisions;
            retry      <= !retry;
            if (slot_elapsed) late_collisions <= late_collisions + 5'd1;
        end
        if (ending) state <= sqe_follows ? SQE : READY;
        if (sent) crs_lost <= carrier_error;
        // SQE test
        if (state == SQE) begin
            sqe_count <= sqe_count + 4'd1;
            if (collision_detect) sqe_seen <= 1'b1;
            if (sqe_over) state <= READY;
        end
        if (done) begin
            served          <= request;
            outcome         <= {late_collisions,
                                sent && underrun,
                                sqe_over && !sqe_seen && !collision_detect,
                                sent ? carrier_error : crs_lost && sqe_over,
                                ending && collided && last_attempt,
                                exc_deferral || dropped, deferred, collisions,
                                (sent && !underrun) || sqe_over};
            collisions      <= 5'd0;
            late_collisions <= 5'd0;
            deferral        <= DEFERRAL_START;
            deferred        <= 1'b0;
            exc_deferral    <= 1'b0;
        end
        if (rst) begin
            state           <= READY;
            was_done        <= 1'b1;
            served          <= 1'b0;
            retry           <= 1'b0;
            collisions      <= 5'd0;
            late_collisions <= 5'd0;
            deferral        <= DEFERRAL_START;
            deferred        <= 1'b0;
            exc_deferral    <= 1'b0;
        end
    end

    assign observe_waiting  = waiting || (draw && slots == 10'd0);
    assign observe_collided = ending && collided;  // collided is unknown before the first attempt
    assign observe_attempt  = collided && state == ON_AIR ? collisions : more_collisions;

`ifdef FORMAL
`include "csma_cd_properties.vh"
`endif
endmodule
