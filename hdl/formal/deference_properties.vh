// Properties of deference; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_tx) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // docs/adapter.md "Clocks and ties": the gap and the duplex mode change only while nothing is being sent.
    (* anyconst *) reg [5:0] f_part1, f_part2;
    (* anyconst *) reg       f_full_duplex;
    always @* assume (part1_nibbles == f_part1 && part2_nibbles == f_part2 && full_duplex == f_full_duplex);

    // The gap by a count up: edges since the carrier that matters. Carrier does not matter in the second part, nor after
    // a frame of our own, as long as the gap lasts.
    wire [6:0] f_total = total == 7'd0 ? 7'd1 : total;
    reg  [6:0] f_gap;  // stops at 127
    reg        f_own;  // a frame of our own was in the busy period before it
    wire       f_ignored = f_gap != 7'd0 && f_gap < f_total && (f_own || f_gap >= {1'b0, part1_nibbles});
    wire       f_busy    = transmitting_next || (carrier_in && !f_ignored);
    always @(posedge clk_tx) begin
        f_gap <= f_busy ? 7'd0 : f_gap == 7'd127 ? f_gap : f_gap + 7'd1;
        f_own <= transmitting_next || (f_own && f_gap < f_total);
        if (rst) begin
            f_gap <= 7'd127;
            f_own <= 1'b0;
        end
    end

    // TX_EN, and whether a frame began only when it might
    reg f_transmitting;
    always @(posedge clk_tx) f_transmitting <= transmitting_next && !rst;
    always @* assume (!transmitting_next || f_transmitting || may_start);  // csma_cd: start

    always @* if (f_started) begin
        gap_is_never_short: assert (!may_start || f_gap >= f_total);
        gap_is_never_long:  assert (may_start || f_gap < f_total || carrier_in);
        own_frame_is_blank: assert (!f_transmitting || f_full_duplex || blank);
        full_duplex_hears_nothing: assert (!f_full_duplex || !blank);

        help_states: assert (state == WATCH || state == BUSY || state == GAP);
        help_watch:  assert (state != WATCH || f_gap > f_total || f_gap == 7'd127);
        help_busy:   assert (state != BUSY || f_gap == 7'd0);
        help_gap:    assert (state != GAP || (f_gap != 7'd0 && f_gap <= f_total && f_gap != 7'd127 && left == FULL - f_gap));
        help_over:   assert (state != GAP || over == (f_gap == f_total));
        help_part1:  assert (state != GAP || in_part1 == (f_gap < {1'b0, part1_nibbles}));
        help_own:    assert (state == WATCH || f_own == had_transmitted);

        reach_start_after_gap:  cover (f_part1 == 6'd16 && f_part2 == 6'd8 && state == GAP && may_start && !f_own && f_gap == 7'd24);
        reach_start_into_carrier: cover (state == GAP && may_start && carrier_in && transmitting_next && !f_own && f_part1 > 6'd2);
        reach_blank:            cover (blank && !f_transmitting && carrier_sense);
    end
