// The heart of the MAC: transmit framing, CSMA/CD, receive framing. Between the streams of the FIFOs and the MII.
//
// IEEE Std 802.3-2022 clauses 3, 4 and 22. Clocks clk_tx and clk_rx, each with its synchronous reset. Configuration
// inputs come from registers of the bus domain: full_duplex and rx_enable through synchronisers, the others
// directly, since they may only change while nothing is being sent.
// The request (a toggle), octets and its flags, and the seed are held still by the sender; served, retry and outcome
// are held still by this side (csma_cd; above its outcome {count, multicast, broadcast} of tx_mac). Every crossing here is
// a sync_2ff or a toggle_sync. paused (clk_tx) holds frames back in full duplex.
// Observation signals: see nic_mii.
// Not done here: PAUSE (mac_mii), whose frame a received one is (rx_filter), counters.
`default_nettype none
`timescale 1ns/1ps

module mac_core (
    // Configuration (clk_bus)
    input  wire        full_duplex,
    input  wire        rx_enable,
    input  wire        sqe_test,
    input  wire        late_retry,
    input  wire        defer_forever,
    input  wire        no_backoff,
    input  wire        force_collision,
    input  wire [5:0]  gap_part1_nibbles,
    input  wire [5:0]  gap_part2_nibbles,
    input  wire [4:0]  attempt_limit,
    input  wire [3:0]  backoff_limit,
    input  wire [7:0]  slot_nibbles,
    input  wire [5:0]  jam_nibbles,
    input  wire [31:0] seed,
    input  wire        seed_toggle,
    input  wire        paused,
    // Request (clk_bus) and answer (clk_tx)
    input  wire        request,
    input  wire [10:0] request_octets,
    input  wire        request_pad,
    input  wire        request_fcs,
    input  wire        request_control,
    output wire        served,
    output wire        retry,
    output wire [29:0] outcome,
    // Transmit words (clk_tx): data, first, tag
    input  wire        clk_tx,
    input  wire        rst_tx,
    input  wire [34:0] tx_word,
    input  wire        tx_word_valid,
    output wire        tx_word_ready,
    // Injected backoff words (clk_tx)
    input  wire [9:0]  inject_data,
    input  wire        inject_valid,
    output wire        inject_ready,
    // Received words (clk_rx): data, first, end
    input  wire        clk_rx,
    input  wire        rst_rx,
    output wire [33:0] rx_word,
    output wire        rx_word_valid,
    output wire        receiving,
    // MII
    output wire [3:0]  txd,
    output wire        tx_en,
    output wire        tx_er,
    input  wire [3:0]  rxd,
    input  wire        rx_dv,
    input  wire        rx_er,
    input  wire        crs,
    input  wire        col,
    // Observation (clk_tx)
    output wire        deferring,
    output wire        observe_waiting,
    output wire        observe_start,
    output wire        observe_collision,
    output wire        observe_jam,
    output wire        observe_end,
    output wire        observe_collided,
    output wire        observe_draw,
    output wire [9:0]  observe_slots,
    output wire [4:0]  observe_attempt
);
    // Crossings into clk_tx. crs and col are asynchronous pins.
    wire carrier_sense, collision_detect, full_duplex_tx, request_tx, seed_load;
    sync_2ff cross_crs (.clk(clk_tx), .d(crs), .q(carrier_sense));
    sync_2ff cross_col (.clk(clk_tx), .d(col), .q(collision_detect));
    sync_2ff cross_full_duplex (.clk(clk_tx), .d(full_duplex), .q(full_duplex_tx));
    sync_2ff cross_request (.clk(clk_tx), .d(request), .q(request_tx));
    toggle_sync cross_seed (.clk(clk_tx), .toggle(seed_toggle), .pulse(seed_load));

    wire start, collision, may_collide, transmitting_next, ending, underrun, may_start;
    wire expired, slot_elapsed, window_grow, window_reset, draw, blank;

    csma_cd control (
        .clk_tx(clk_tx), .rst(rst_tx),
        .full_duplex(full_duplex_tx), .sqe_test(sqe_test), .late_retry(late_retry), .defer_forever(defer_forever),
        .force_collision(force_collision), .attempt_limit(attempt_limit), .backoff_limit(backoff_limit),
        .carrier_sense(carrier_sense), .collision_detect(collision_detect),
        .request(request_tx), .request_control(request_control), .served(served), .retry(retry), .outcome(outcome[16:0]),
        .paused(paused && full_duplex_tx), .may_start(may_start),
        .transmitting(tx_en), .may_collide(may_collide), .ending(ending), .underrun(underrun),
        .start(start), .collision(collision),
        .expired(expired), .slot_elapsed(slot_elapsed), .slots(observe_slots),
        .window_grow(window_grow), .window_reset(window_reset), .draw(draw),
        .observe_waiting(observe_waiting), .observe_collided(observe_collided), .observe_attempt(observe_attempt)
    );

    deference deference_process (
        .clk_tx(clk_tx), .rst(rst_tx), .full_duplex(full_duplex_tx),
        .part1_nibbles(gap_part1_nibbles), .part2_nibbles(gap_part2_nibbles),
        .carrier_sense(carrier_sense), .transmitting_next(transmitting_next),
        .may_start(may_start), .deferring(deferring), .blank(blank)
    );

    backoff backoff_process (
        .clk_tx(clk_tx), .rst(rst_tx),
        .load(seed_load), .seed(seed), .step(tx_en),
        .inject_data(inject_data), .inject_valid(inject_valid), .inject_ready(inject_ready),
        .no_backoff(no_backoff), .slot_nibbles(slot_nibbles),
        .window_grow(window_grow), .window_reset(window_reset), .draw(draw), .start(start),
        .slots(observe_slots), .expired(expired), .slot_elapsed(slot_elapsed)
    );

    // wanted_tag is the fetch of the present or next frame: its request is the opposite of what has been served.
    // request_tx would not do: a word may overtake it in the synchronisers.
    tx_mac transmit (
        .clk_tx(clk_tx), .rst(rst_tx), .txd(txd), .tx_en(tx_en), .tx_er(tx_er),
        .octets(request_octets), .pad_enable(request_pad), .fcs_enable(request_fcs),
        .word_data(tx_word[31:0]), .word_first(tx_word[32]), .word_tag(tx_word[34:33]),
        .word_valid(tx_word_valid), .word_ready(tx_word_ready), .wanted_tag({!served, retry}),
        .jam_nibbles(jam_nibbles), .start(start), .collision(collision), .may_collide(may_collide),
        .transmitting_next(transmitting_next), .ending(ending), .underrun(underrun), .jam_first(observe_jam),
        .count(outcome[29:19]), .multicast(outcome[18]), .broadcast(outcome[17])
    );

    assign observe_start     = start;
    assign observe_collision = collision;
    assign observe_end       = ending || (rst_tx && tx_en);
    assign observe_draw      = draw && !rst_tx;

    // Receive side; crossings into clk_rx.
    wire rx_enable_rx, blank_rx;
    sync_2ff cross_rx_enable (.clk(clk_rx), .d(rx_enable), .q(rx_enable_rx));
    sync_2ff cross_blank (.clk(clk_rx), .d(blank), .q(blank_rx));

    rx_mac receive (
        .clk_rx(clk_rx), .rst(rst_rx), .enable(rx_enable_rx), .blank(blank_rx),
        .rxd(rxd), .rx_dv(rx_dv), .rx_er(rx_er),
        .word_data(rx_word[31:0]), .word_first(rx_word[32]), .word_end(rx_word[33]), .word_valid(rx_word_valid),
        .receiving(receiving)
    );
endmodule
