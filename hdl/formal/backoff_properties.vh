// Properties of backoff; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_tx) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // docs/adapter.md "Clocks and ties": the configuration changes only while nothing is being sent. The slot time is the
    // standard's, 512 BT, or one of 16 BT, so that a run of few edges has several slots.
    (* anyconst *) reg f_no_backoff, f_is_short;
    always @* assume (no_backoff == f_no_backoff && slot_nibbles == (f_is_short ? 8'd4 : 8'd128));
    always @* assume (seed != 32'd0);  // nic_registers: a seed of 0 becomes 1
    always @* assume (!(draw || start) || expired);  // csma_cd: an attempt begins when the backoff is over, and draws at its end

    // Collisions since the window was closed, as far as they count
    reg [3:0] f_number;
    initial f_number = 4'd0;  // as the window has it
    always @(posedge clk_tx) begin
        if (window_grow && !no_backoff && f_number != 4'd10) f_number <= f_number + 4'd1;
        if (window_reset) f_number <= 4'd0;
    end
    wire [10:0] f_window = 11'd1 << f_number;

    // Edges that the backoff has yet to last, behind the next one
    reg  [17:0] f_wait;
    wire [17:0] f_draw = f_is_short ? {6'd0, slots, 2'd0} : {1'b0, slots, 7'd0};
    always @(posedge clk_tx) begin
        if (f_wait != 18'd0) f_wait <= f_wait - 18'd1;
        if (draw) f_wait <= slots == 10'd0 ? 18'd0 : f_draw - 18'd1;
        if (rst) f_wait <= 18'd0;
    end

    // Edges since the start of an attempt, up to 255; none after its draw
    reg       f_attempt;
    reg [7:0] f_age;
    always @(posedge clk_tx) begin
        f_age     <= start ? 8'd1 : f_age == 8'd255 ? f_age : f_age + 8'd1;
        f_attempt <= !rst && !draw && (start || f_attempt);
    end

    always @* if (f_started) begin
        draw_is_in_the_window: assert ({1'b0, slots} < f_window);
        injected_word_is_drawn: assert (!inject_valid || slots == (inject_data & (f_window[9:0] - 10'd1)));
        backoff_is_never_short: assert (!expired || f_wait == 18'd0);
        backoff_is_never_long: assert (expired || f_wait != 18'd0);
        slot_ends_in_time:     assert (!f_attempt || slot_elapsed == (f_age >= slot_nibbles));
        generator_never_stops: assert (generator != 32'd0);

        help_number:  assert (f_number <= 4'd10 && {1'b0, window} == f_window - 11'd1);
        help_waiting: assert (over || (slots_left != 10'd0 && timer != 8'd0 && timer <= slot_nibbles && elapsed == (timer == 8'd1)));
        help_wait:    assert (over || f_wait == (f_is_short ? {6'd0, slots_left - 10'd1, 2'd0} : {1'b0, slots_left - 10'd1, 7'd0})
                                               + {10'd0, timer} - 18'd1);
        help_over:    assert (!over || (slots_left <= 10'd1 && (slots_left == 10'd0 || elapsed)));
        help_attempt: assert (!f_attempt || (over && slots_left == 10'd0 && f_age != 8'd0));
        help_age:     assert (!f_attempt || f_age >= slot_nibbles || timer == slot_nibbles + 8'd1 - f_age);

        reach_window:  cover (f_number == 4'd4 && draw && slots == 10'd15 && !inject_valid);
        reach_inject:  cover (f_number == 4'd2 && draw && inject_valid && inject_ready && slots == 10'd3 && inject_data == 10'd7);
        reach_expiry:  cover (f_is_short && f_number == 4'd2 && f_wait == 18'd1 && slots_left == 10'd1);
        reach_elapsed: cover (f_attempt && slot_elapsed && f_age == 8'd4);
        reach_step:    cover (step && generator == 32'd1);
    end
