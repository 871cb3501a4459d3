// Clause 4 MAC on an MII, with PAUSE: mac_core, and the timer that holds it back. Between the streams of the FIFOs and
// the MII.
//
// IEEE Std 802.3-2022 clauses 3, 4 and 22, Annex 31B. Clocks, resets and crossings as in mac_core; the pause time is
// held still beside its toggle by the sender.
// Observation signals: see nic_mii.
`default_nettype none
`timescale 1ns/1ps

module mac_mii (
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
    input  wire [15:0] pause_quanta,
    input  wire        pause_toggle,
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
    // Crossing into clk_tx
    wire pause_load, pause_running;
    toggle_sync cross_pause (.clk(clk_tx), .toggle(pause_toggle), .pulse(pause_load));

    pause_timer pause (
        .clk_tx(clk_tx), .rst(rst_tx), .load(pause_load), .quanta(pause_quanta), .paused(pause_running)
    );

    mac_core core (
        .full_duplex(full_duplex), .rx_enable(rx_enable), .sqe_test(sqe_test), .late_retry(late_retry),
        .defer_forever(defer_forever), .no_backoff(no_backoff), .force_collision(force_collision),
        .gap_part1_nibbles(gap_part1_nibbles), .gap_part2_nibbles(gap_part2_nibbles),
        .attempt_limit(attempt_limit), .backoff_limit(backoff_limit), .slot_nibbles(slot_nibbles),
        .jam_nibbles(jam_nibbles), .seed(seed), .seed_toggle(seed_toggle), .paused(pause_running),
        .request(request), .request_octets(request_octets), .request_pad(request_pad),
        .request_fcs(request_fcs), .request_control(request_control), .served(served), .retry(retry),
        .outcome(outcome), .clk_tx(clk_tx), .rst_tx(rst_tx), .tx_word(tx_word), .tx_word_valid(tx_word_valid),
        .tx_word_ready(tx_word_ready), .inject_data(inject_data), .inject_valid(inject_valid),
        .inject_ready(inject_ready), .clk_rx(clk_rx), .rst_rx(rst_rx), .rx_word(rx_word),
        .rx_word_valid(rx_word_valid), .receiving(receiving), .txd(txd), .tx_en(tx_en), .tx_er(tx_er),
        .rxd(rxd), .rx_dv(rx_dv), .rx_er(rx_er), .crs(crs), .col(col), .deferring(deferring),
        .observe_waiting(observe_waiting), .observe_start(observe_start),
        .observe_collision(observe_collision), .observe_jam(observe_jam), .observe_end(observe_end),
        .observe_collided(observe_collided), .observe_draw(observe_draw), .observe_slots(observe_slots),
        .observe_attempt(observe_attempt)
    );
endmodule
