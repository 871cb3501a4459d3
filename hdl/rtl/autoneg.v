// Auto-negotiation for 10BASE-T: base page, both duplex modes, parallel detection of a partner that has none.
//
// IEEE Std 802.3-2022 clause 28 (arbitration: figure 28-18); twin: firmware_models/phy/negotiation.py. Clock clk; tick is a pulse about
// every millisecond, eighth every 7.8 us.
// States: BREAK (nothing is sent, break_link_timer), DETECT (bursts without acknowledge; ability_match: three equal words
// in a row), ACKNOWLEDGE (bursts with it; acknowledge_match: three equal words with it), COMPLETE (LAST_WORDS more bursts, 6 .. 8),
// CHECK (link pulses; the link has link_fail_inhibit_timer to come up), GOOD, and PARALLEL: link pulses that are no
// bursts have come COUNT times in a row in DETECT, and autoneg_wait_timer has to pass without bursts.
// A word that differs from the one that was matched, in ACKNOWLEDGE, begins anew (consistency_match). Next pages are
// not offered: the bit NP of the advertised word has to be 0.
// Outputs: owns_line: bursts instead of link pulses and data, and no link; full_duplex: the highest common mode, 10BASE-T
// full duplex before half; half after parallel detection, and with nothing in common there is no link and it begins anew.
// Without enable the line is the MAU's and full_duplex is what force_full says. Restart by a pulse on restart.
`default_nettype none
`timescale 1ns/1ps

module autoneg #(
    parameter [10:0] BREAK_TICKS   = 11'd1300,  // 1200 .. 1500 ms
    parameter [10:0] INHIBIT_TICKS = 11'd900,   // 750 .. 1000 ms
    parameter [10:0] WAIT_TICKS    = 11'd700    // 500 .. 1000 ms
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        tick,
    input  wire        eighth,
    // Control
    input  wire        enable,
    input  wire        restart,
    input  wire        force_full,
    input  wire [12:0] advertised,  // bits 12..0 of the base page
    // Line
    input  wire        pulse_seen,
    input  wire        link_ok,
    output wire        owns_line,
    output wire        pulse,
    // State
    output reg         full_duplex,
    output wire        complete,
    output reg  [15:0] partner,          // the word that was matched
    output reg         page_received,    // one clock
    output reg         partner_is_able
);
    localparam [2:0] BREAK       = 3'd0;
    localparam [2:0] DETECT      = 3'd1;
    localparam [2:0] ACKNOWLEDGE = 3'd2;
    localparam [2:0] COMPLETE    = 3'd3;
    localparam [2:0] CHECK       = 3'd4;
    localparam [2:0] GOOD        = 3'd5;
    localparam [2:0] PARALLEL    = 3'd6;

    localparam [4:0] BURST_TICKS = 5'd16;  // 16 +- 8 ms
    localparam [2:0] LAST_WORDS  = 3'd7;
    localparam [2:0] COUNT       = 3'd4;   // link pulses in a row
    localparam [1:0] MATCHES     = 2'd2;   // words equal to the one before: three equal ones
    localparam       ACK_BIT     = 14;
    localparam       HALF_BIT    = 5;
    localparam       FULL_BIT    = 6;

    reg [2:0]  state, next_state;
    reg [10:0] timer;     // ticks in this state, saturating
    reg [4:0]  burst;     // ticks since the last burst began
    reg [2:0]  sent;      // bursts in COMPLETE
    reg [2:0]  singles;
    reg [14:0] last;      // the word before, without acknowledge
    reg [1:0]  same;      // words in a row that were equal to the one before
    reg [1:0]  acks;      // equal words in a row that had acknowledge, to MATCHES
    reg        sends_ack; // in the burst under way

    wire [15:0] word;
    wire        word_done, single, busy;
    wire        sends = state == DETECT || state == ACKNOWLEDGE || state == COMPLETE;
    wire        start = tick && sends && burst == BURST_TICKS - 5'd1;
    wire        equal = {word[15], word[13:0]} == last;
    wire        matched     = word_done && equal && same >= MATCHES - 2'd1;
    wire        acked       = matched && word[ACK_BIT] && acks == MATCHES;
    wire        consistent  = {word[15], word[13:0]} == {partner[15], partner[13:0]};
    wire        can_full    = advertised[FULL_BIT] && partner[FULL_BIT];
    wire        can_half    = advertised[HALF_BIT] && partner[HALF_BIT];
    wire        break_over  = timer >= BREAK_TICKS;
    wire        check_over  = timer >= INHIBIT_TICKS;
    wire        wait_over   = timer >= WAIT_TICKS;

    assign owns_line = enable && state != CHECK && state != GOOD;
    assign complete  = enable && state == GOOD;

    flp_transmit transmit (
        .clk(clk), .rst(rst), .eighth(eighth), .start(start),
        .word({1'b0, sends_ack, 1'b0, advertised}), .busy(busy), .pulse(pulse)
    );

    flp_receive receive (
        .clk(clk), .rst(rst), .eighth(eighth), .pulse_seen(pulse_seen), .word(word), .word_done(word_done), .single(single)
    );

    always @* begin
        next_state = state;
        case (state)
            BREAK: if (break_over) next_state = DETECT;
            DETECT:
                if (matched) next_state = ACKNOWLEDGE;
                else if (single && singles == COUNT - 3'd1) next_state = PARALLEL;
            ACKNOWLEDGE:
                if (matched && !consistent) next_state = BREAK;
                else if (acked) next_state = COMPLETE;
            COMPLETE:
                if (sent == LAST_WORDS && !busy) next_state = can_full || can_half ? CHECK : BREAK;
            CHECK:
                if (link_ok) next_state = GOOD;
                else if (check_over) next_state = BREAK;
            PARALLEL:
                if (word_done) next_state = BREAK;
                else if (wait_over) next_state = advertised[HALF_BIT] ? CHECK : BREAK;
            default: if (!link_ok) next_state = BREAK;  // GOOD
        endcase
        if (restart || !enable) next_state = BREAK;
    end

    always @(posedge clk) begin
        state         <= next_state;
        page_received <= 1'b0;
        if (next_state != state || restart || !enable) timer <= 11'd0;
        else if (tick && timer != 11'h7FF) timer <= timer + 11'd1;

        if (start) sends_ack <= state != DETECT;
        burst <= start || !sends ? 5'd0 : tick ? burst + 5'd1 : burst;
        sent  <= state != COMPLETE ? 3'd0 : start ? sent + 3'd1 : sent;

        if (word_done) begin
            last    <= {word[15], word[13:0]};
            same    <= !equal ? 2'd0 : same == MATCHES ? MATCHES : same + 2'd1;
            acks    <= !word[ACK_BIT] ? 2'd0 : !equal ? 2'd1 : acks == MATCHES ? MATCHES : acks + 2'd1;
            singles <= 3'd0;
        end
        if (single) singles <= singles + 3'd1;
        if (state == BREAK) begin
            same    <= 2'd0;
            last    <= 15'd0;  // no word has its selector 0
            acks    <= 2'd0;
            singles <= 3'd0;
        end

        if (state == DETECT && next_state == ACKNOWLEDGE) begin
            partner         <= {word[15], 1'b0, word[13:0]};
            partner_is_able <= 1'b1;
            page_received   <= 1'b1;
        end
        if (state == COMPLETE && next_state == CHECK) full_duplex <= can_full;
        if (state == DETECT && next_state == PARALLEL) begin
            full_duplex     <= 1'b0;
            partner         <= 16'h0021;  // 10BASE-T, as found out
            partner_is_able <= 1'b0;
        end
        if (!enable) full_duplex <= force_full;
        if (rst || state == BREAK) partner_is_able <= 1'b0;
        if (rst) begin
            state       <= BREAK;
            timer       <= 11'd0;
            full_duplex <= 1'b0;
            partner     <= 16'd0;
        end
    end
endmodule
