`default_nettype none
`timescale 1ns/1ps
// Bench of mac_mii at its pins: plays what Python has scheduled by edge number, and keeps what came out.
//
// One clock for both directions; edge is the number of the edge that comes next. A schedule says what is SAMPLED:
// bit k of crs_schedule is what edge crs_base + k samples, and so on. The request (a toggle) is sampled first at
// edge request_edge; with `chain` not 0 further ones follow as soon as the MAC has served the one before. attempts
// and receptions count; Python waits for them to change.
module mac_mii_bench;
  localparam NIBBLES = 4608;
  localparam WORDS = 640;

  reg clk = 0;
  reg rst = 1;
  integer edge_number = 0;  // of the next edge
  always #20 clk = !clk;

  // Configuration and stimulus, written by name
  reg full_duplex = 0, rx_enable = 1, sqe_test = 0, late_retry = 1, defer_forever = 1, no_backoff = 0, force_collision = 0;
  reg [5:0] part1 = 16, part2 = 8, jam_nibbles = 8;
  reg [4:0] attempt_limit = 16;
  reg [3:0] backoff_limit = 10;
  reg [7:0] slot_nibbles = 128;
  reg [31:0] seed = 1;
  reg seed_toggle = 0, pause_toggle = 0;
  reg [15:0] pause_quanta = 0;
  reg [10:0] octets = 0;
  reg pad = 1, fcs = 1, control = 0;
  reg [16383:0] frame = 0;
  integer words_there = 512;  // words of the frame that the source has; fewer make an underrun
  integer request_edge = -1;
  integer chain = 0;
  reg own_carrier = 1;  // CRS includes our own TX_EN
  reg [16383:0] crs_schedule = 0;
  integer crs_base = 0;
  reg [4095:0] col_schedule = 0;
  integer col_base = 0;
  reg [159:0] inject_words = 0;
  integer inject_count = 0;
  reg [4*NIBBLES-1:0] rx_nibbles = 0;
  reg [NIBBLES-1:0] rx_dv_schedule = 0, rx_er_schedule = 0;
  integer rx_base = 0;

  // What came out, read by name
  integer attempts = 0;
  integer start_edge = 0, end_edge = 0, served_edge = 0, waiting_edge = 0, collision_edge = 0, jam_edge = 0;
  reg [4*NIBBLES-1:0] sent = 0;
  reg [NIBBLES-1:0] sent_error = 0;
  integer sent_count = 0;
  reg drawn = 0, was_collided = 0;
  reg [9:0] drawn_slots = 0;
  reg [4:0] attempt_number = 0;
  integer outcomes = 0;
  reg [16:0] last_outcome = 0;
  integer receptions = 0;  // end marks
  integer pushes = 0;
  reg [34*WORDS-1:0] pushed = 0;
  reg [32*WORDS-1:0] push_edges = 0;

  reg request = 0;
  reg crs = 0, col = 0;
  reg [3:0] rxd = 0;
  reg rx_dv = 0, rx_er = 0;
  wire served, retry, tx_en, tx_er, deferring, receiving;
  wire [16:0] outcome;
  wire [3:0] txd;
  wire word_ready, inject_ready, rx_word_valid;
  wire [33:0] rx_word;
  wire observe_waiting, observe_start, observe_collision, observe_jam, observe_end, observe_collided, observe_draw;
  wire [9:0] observe_slots;
  wire [4:0] observe_attempt;

  // Word source: as the transmit FIFO behaves, the oldest word is there until it is taken.
  integer word = 0;
  reg [1:0] tag = 0;
  wire [34:0] tx_word = {tag, word == 0, frame[32*word +: 32]};
  wire word_valid = word < words_there && 4 * word < octets && tag == {request, retry};
  integer inject_next = 0;

  mac_mii mac (
      .full_duplex(full_duplex), .rx_enable(rx_enable), .sqe_test(sqe_test), .late_retry(late_retry),
      .defer_forever(defer_forever), .no_backoff(no_backoff), .force_collision(force_collision),
      .gap_part1_nibbles(part1), .gap_part2_nibbles(part2), .attempt_limit(attempt_limit), .backoff_limit(backoff_limit),
      .slot_nibbles(slot_nibbles), .jam_nibbles(jam_nibbles), .seed(seed), .seed_toggle(seed_toggle),
      .pause_quanta(pause_quanta), .pause_toggle(pause_toggle),
      .request(request), .request_octets(octets), .request_pad(pad), .request_fcs(fcs), .request_control(control),
      .served(served), .retry(retry), .outcome(outcome),
      .clk_tx(clk), .rst_tx(rst), .tx_word(tx_word), .tx_word_valid(word_valid), .tx_word_ready(word_ready),
      .inject_data(inject_words[10*inject_next +: 10]), .inject_valid(inject_next < inject_count), .inject_ready(inject_ready),
      .clk_rx(clk), .rst_rx(rst), .rx_word(rx_word), .rx_word_valid(rx_word_valid), .receiving(receiving),
      .txd(txd), .tx_en(tx_en), .tx_er(tx_er), .rxd(rxd), .rx_dv(rx_dv), .rx_er(rx_er), .crs(crs), .col(col),
      .deferring(deferring), .observe_waiting(observe_waiting), .observe_start(observe_start),
      .observe_collision(observe_collision), .observe_jam(observe_jam), .observe_end(observe_end),
      .observe_collided(observe_collided), .observe_draw(observe_draw), .observe_slots(observe_slots),
      .observe_attempt(observe_attempt)
  );

  // What the next edge samples. `now` is the number of the edge that is running.
  integer now = 0;
  reg was_served = 0;
  reg own = 0;
  reg waits = 0;
  integer waits_since = 0;
  always @(posedge clk) begin
    now = edge_number;
    edge_number <= now + 1;
    if (now == 4) rst <= 0;

    // Inputs of edge now + 1. The carrier of our own transmission: TX_EN as it is after this edge.
    own = own_carrier && ((tx_en && !observe_end) || observe_start);
    crs <= own || (now + 1 >= crs_base && now + 1 < crs_base + 16384 && crs_schedule[now+1-crs_base]);
    col <= now + 1 >= col_base && now + 1 < col_base + 4096 && col_schedule[now+1-col_base];
    if (now + 1 >= rx_base && now + 1 < rx_base + NIBBLES) begin
      rxd   <= rx_nibbles[4*(now+1-rx_base) +: 4];
      rx_dv <= rx_dv_schedule[now+1-rx_base];
      rx_er <= rx_er_schedule[now+1-rx_base];
    end else begin
      rx_dv <= 0;
      rx_er <= 0;
    end
    if (now + 1 == request_edge) request <= !request;
    else if (chain != 0 && served == request && !rst) begin
      request <= !request;
      chain <= chain - 1;
    end

    // Word source
    tag <= {request, retry};
    if (tag != {request, retry}) word <= 0;
    else if (word_valid && word_ready) word <= word + 1;
    if (inject_ready && inject_next < inject_count) inject_next <= inject_next + 1;

    // Record of the transmitter
    if (observe_waiting && !waits) waits_since <= now;
    waits <= observe_waiting && !observe_start;
    if (observe_start) begin
      waiting_edge <= waits ? waits_since : now;
      start_edge <= now;
      sent_count <= 0;
      sent_error <= 0;
    end
    if (tx_en) begin
      sent[4*sent_count +: 4] <= txd;
      sent_error[sent_count] <= tx_er;
      sent_count <= sent_count + 1;
    end
    if (observe_collision) collision_edge <= now;
    if (observe_jam) jam_edge <= now;
    if (observe_end) begin
      end_edge <= now;
      drawn <= observe_draw;
      drawn_slots <= observe_slots;
      was_collided <= observe_collided;
      attempt_number <= observe_attempt;
      attempts <= attempts + 1;
    end
    was_served <= served;
    if (was_served != served && !rst) begin
      served_edge <= now - 1;  // the edge at which it changed
      last_outcome <= outcome;
      outcomes <= outcomes + 1;
    end

    // Record of the receiver
    if (rx_word_valid) begin
      pushed[34*pushes +: 34] <= rx_word;
      push_edges[32*pushes +: 32] <= now;
      pushes <= pushes + 1;
      if (rx_word[33]) receptions <= receptions + 1;
    end
  end
endmodule
