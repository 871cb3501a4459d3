// Properties of csma_cd; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_tx) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // docs/adapter.md "Clocks and ties": the configuration changes only while nothing is being sent. No attempt at all is
    // no limit.
    (* anyconst *) reg [4:0] f_limit;
    (* anyconst *) reg       f_full_duplex, f_sqe_test, f_late_retry;
    always @* assume (attempt_limit == f_limit && f_limit != 5'd0);
    always @* assume (full_duplex == f_full_duplex && sqe_test == f_sqe_test && late_retry == f_late_retry);  // as above

    // tx_mac, where these are properties (tx_en_from_start_to_end, one_collision_a_frame): TX_EN lasts from start to ending,
    // which comes with TX_EN; there is one collision at most, before that, and none after an underrun.
    reg f_on_air, f_collided;
    always @(posedge clk_tx) begin
        f_on_air   <= !rst && (start || (f_on_air && !ending));
        f_collided <= !start && (collision || f_collided);
    end
    always @* assume (transmitting == f_on_air && (!ending || f_on_air));  // tx_mac: see above
    always @* assume (!may_collide || (f_on_air && !f_collided && !ending));  // tx_mac: see above
    always @* assume (!underrun || !f_collided);  // tx_mac: see above

    // tx_queue: a request changes only when the one before has been served; what it asks for is held still.
    reg f_request, f_control, f_was_waiting;
    always @(posedge clk_tx) begin
        f_request     <= request;
        f_control     <= request_control;
        f_was_waiting <= f_started && !rst && request != served && !done;
    end
    always @* assume (!f_was_waiting || (request == f_request && request_control == f_control));  // tx_queue: see above

    // Attempts at the frame under way, and edges since the last one ended
    reg [5:0] f_attempts;
    reg [4:0] f_after;
    reg       f_done;
    always @(posedge clk_tx) begin
        if (start) f_attempts <= f_attempts + 6'd1;
        if (done || rst) f_attempts <= 6'd0;
        f_after <= ending ? 5'd1 : f_after == 5'd31 ? f_after : f_after + 5'd1;
        f_done  <= done && !rst;
    end

    always @* if (f_started) begin
        no_attempt_beyond_limit: assert (!start || f_attempts < {1'b0, f_limit});
        excessive_collisions_are_told: assert (!f_done || !outcome[8] || outcome[5:1] == f_limit);
        sent_frame_is_below_limit: assert (!f_done || !outcome[0] || (outcome[5:1] < f_limit && !outcome[8] && !outcome[11]));
        no_start_on_air:   assert (!start || !transmitting);
        every_attempt_ends: assert (f_on_air == (state == ON_AIR));
        sqe_window_ends:   assert (state != SQE || f_after <= 5'd16);
        answer_ends_frame: assert (!f_done || (served == f_request && f_attempts == 6'd0));
        full_duplex_has_no_collision: assert (!f_full_duplex || !(collision || draw || (f_done && outcome[5:1] != 5'd0)));
        pause_holds_data:  assert (!start || !paused || request_control);

        help_states:   assert (state != 2'd3 && (state != ON_AIR || sqe_count == 4'd0));
        help_collided: assert (state != ON_AIR || collided == f_collided);
        help_sqe:      assert (state != SQE || (!collided && {1'b0, sqe_count} + 5'd1 == f_after && !f_full_duplex));
        help_attempts: assert (f_attempts == {1'b0, collisions} + (state == SQE || (state == ON_AIR && !collided)));
        help_limit:    assert (collisions < f_limit || (state == ON_AIR && collided && collisions == f_limit));
        help_last:     assert (state != ON_AIR || (collided ? last_attempt == (collisions == f_limit)
                                                            : limit_is_next == (more_collisions == f_limit)));
        help_duplex:   assert (!f_full_duplex || (collisions == 5'd0 && (state != ON_AIR || !collided)));
        help_request:  assert (state == READY || request != served);
        help_between:  assert (state != READY || collisions == 5'd0 || request != served);

        reach_second_attempt: cover (start && f_attempts == 6'd2);
        reach_excessive: cover (f_done && outcome[8] && f_limit == 5'd3);
        reach_sent:      cover (f_done && outcome[0] && outcome[5:1] == 5'd2 && !outcome[10]);
        reach_sqe_end:   cover (state == SQE && done && f_after == 5'd16);
        reach_full_duplex: cover (f_done && f_full_duplex && outcome[0]);
        reach_control:   cover (start && paused);
    end
