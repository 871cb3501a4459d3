// Properties of pause_timer; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_tx) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // Nibbles that the pause has yet to last
    reg [22:0] f_left;
    always @(posedge clk_tx) begin
        if (f_left != 23'd0) f_left <= f_left - 23'd1;
        if (load) f_left <= {quanta, 7'd0};
        if (rst) f_left <= 23'd0;
    end

    always @* if (f_started) begin
        pause_is_never_short: assert (paused || f_left == 23'd0);
        pause_is_never_long:  assert (!paused || f_left != 23'd0);

        help_left: assert ({limit, 7'd0} == nibbles + f_left);

        reach_last_nibble: cover (f_left == 23'd1 && limit == 16'd1);
        reach_ended_pause: cover (load && quanta == 16'd0 && f_left > 23'd100);
    end
