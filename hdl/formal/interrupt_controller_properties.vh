// Properties of interrupt_controller; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_bus) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // nic_host: a frame is stored at slot_take, a frame that was sent is finished at slot_fetch.
    always @* assume (!(causes[INT_STATUS_RX_LSB] && causes[INT_STATUS_TX_LSB]));

    // One cause, whichever the solver picks: told and not cleared yet. A clear at the edge of the cause leaves it.
    (* anyconst *) reg [2:0] f_bit;
    reg  f_told;
    wire f_clear = register_write && address == REG_INT_STATUS[6:2] && write_data[{2'b00, f_bit}];
    always @(posedge clk_bus) f_told <= !rst && (causes[f_bit] || (f_told && !f_clear));

    // RX and TX causes, and clocks, since neither bit was set; they stop at their largest values
    reg [7:0]  f_causes;
    reg [21:0] f_clocks;
    always @(posedge clk_bus) begin
        if (moderated_cause && f_causes != 8'hFF) f_causes <= f_causes + 8'd1;
        if (f_clocks != 22'h3FFFFF) f_clocks <= f_clocks + 22'd1;
        if (moderated_idle) begin
            f_causes <= {7'd0, moderated_cause};
            f_clocks <= 22'd0;
        end
    end
    wire f_no_limit = count_limit == 8'd0 && time_limit == 16'd0;
    wire f_is_due   = f_no_limit || (count_limit != 8'd0 && f_causes >= count_limit)
                                 || (time_limit != 16'd0 && f_clocks >= {time_limit, 6'd0});

    // What the line was to follow, an edge ago
    reg f_at_once, f_later;
    always @(posedge clk_bus) begin
        f_at_once <= !rst && (status & mask & ~MODERATED) != 8'd0;
        f_later   <= !rst && (status & mask & MODERATED) != 8'd0 && f_is_due;
    end
    reg f_had_idle;  // the counts are known from then on
    always @(posedge clk_bus) f_had_idle <= f_started && (moderated_idle || f_had_idle);

    always @* if (f_started) begin
        no_cause_is_lost:     assert (!f_told || status[f_bit]);
        no_cause_is_invented: assert (f_told || !status[f_bit]);
        line_follows_at_once: assert (!f_at_once || irq);
        moderation_ends:      assert (!f_later || irq);
        line_has_a_cause:     assert (!irq || f_at_once || f_later);

        help_idle:   assert (f_had_idle || status == 8'd0);
        help_counts: assert (!f_had_idle || (causes_left == ~f_causes && clocks_left == ~f_clocks));

        reach_cause_at_clear: cover (f_clear && causes[f_bit] && f_told);
        reach_clear:     cover (f_clear && f_told && !causes[f_bit]);
        reach_at_once:   cover (irq && f_at_once && !f_later && f_bit == 3'd2 && f_told);
        reach_count:     cover (f_later && irq && count_limit == 8'd3 && time_limit == 16'd0 && f_causes == 8'd3);
        reach_time:      cover (f_later && irq && count_limit == 8'd0 && time_limit == 16'd1 && f_clocks == 22'd65);
    end
