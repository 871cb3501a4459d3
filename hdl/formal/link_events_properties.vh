// Properties of link_events; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // link_outbox: an event is taken when it begins to be sent, which is an edge after it was valid; sending may last as
    // long as it likes.
    reg f_was_valid, f_was_sending;
    always @(posedge clk) begin
        f_was_valid   <= f_started && valid;
        f_was_sending <= f_started && is_sending;
    end
    always @* assume (taken == (is_sending && !f_was_sending) && (!taken || f_was_valid));  // link_outbox: see above
    // link_executor: there is a session from the edge at which it begins to that at which it ends.
    wire f_new = rst || begins || ends;
    reg  f_session, f_was_new;
    always @(posedge clk) begin
        if (begins || ends) f_session <= begins;
        if (rst) f_session <= 1'b0;
        f_was_new <= f_new;
    end
    always @* assume (!f_started || has_session == f_session);  // link_executor: see above

    // Changes of irq in this session, counted modulo 65536, and those that the events so far have told
    reg [15:0] f_changes, f_told;
    reg        f_has_told;   // there was an event; the level was 0 before
    reg        f_saturated;  // more changes than the count has room for
    always @(posedge clk) begin
        if (change) f_changes <= f_changes + 16'd1;
        if (forms) begin
            f_told     <= f_told + merged + 16'd1;
            f_has_told <= 1'b1;
        end
        if (merged == MOST) f_saturated <= 1'b1;
        if (f_new) begin
            f_changes   <= 16'd0;
            f_told      <= 16'd0;
            f_has_told  <= 1'b0;
            f_saturated <= 1'b0;
        end
    end

    // What an event says while it is being sent
    reg [88:0] f_said;
    reg        f_goes_on;
    always @(posedge clk) begin
        f_said    <= {sequence, status, lost, changed_ns};
        f_goes_on <= f_started && is_sending && !f_new && (taken ? !f_was_new : f_goes_on);
    end
    reg       f_was_outstanding, f_acknowledged;
    always @(posedge clk) begin
        f_was_outstanding <= f_started && is_outstanding && !f_new;
        f_acknowledged    <= f_started && !f_new && is_outstanding && (f_acknowledged || (acknowledge && acknowledged == sequence)) && !done;
    end
    reg f_done;
    always @(posedge clk) f_done <= f_started && done;

    always @* if (f_started) begin
        every_change_is_counted: assert (f_saturated || f_changes == f_told + (has_merged ? merged + 16'd1 : 16'd0));
        last_level_is_told:   assert (has_merged || (f_has_told && status) == was);
        event_is_held_still:  assert (!f_goes_on || !is_sending || f_said == {sequence, status, lost, changed_ns});
        event_stays_until_acknowledged: assert (!f_was_outstanding || is_outstanding || f_done);
        done_is_acknowledged: assert (!done || f_acknowledged);

        help_over:   assert (!is_over || (is_outstanding && f_acknowledged));
        help_acknowledged: assert (!f_acknowledged || is_over);
        help_due:    assert (!is_due || is_outstanding);
        help_sending: assert (!f_goes_on || is_outstanding);
        help_valid:  assert (!(f_was_valid && !f_was_new) || is_outstanding);
        help_idle:   assert (has_session || (!was && !has_merged && !is_outstanding));

        reach_merged:  cover (forms && merged == 16'd2);
        reach_resend:  cover (taken && clocks == 0 && sequence == 8'd1);
        reach_acknowledged_while_sent: cover (f_acknowledged && is_sending && f_goes_on);
        reach_done:    cover (f_done && sequence == 8'd2);
        reach_level:   cover (forms && !was && lost == 16'd0);
    end
