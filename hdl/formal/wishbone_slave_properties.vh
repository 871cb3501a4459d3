// Properties of wishbone_slave; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_bus) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // slot_wheel: edges_modulo_4, but here it begins anywhere.
    reg [1:0] f_edge;
    always @(posedge clk_bus) f_edge <= f_edge + 2'd1;
    always @* assume (slot_bus == (f_edge == 2'd0) && slot_fetch == (f_edge == 2'd1) && slot_take == (f_edge == 2'd2));

    // Wishbone B4, 3.2: a master holds what it asks for until it has its answer.
    reg [21:0] f_access;
    reg        f_waits;
    always @(posedge clk_bus) begin
        f_access <= {wb_cyc, wb_stb, wb_we, wb_sel, wb_adr};
        f_waits  <= f_started && !rst && wb_cyc && wb_stb && !wb_ack && !wb_err;
    end
    always @* assume (!f_waits || f_access == {wb_cyc, wb_stb, wb_we, wb_sel, wb_adr});  // the master: see above

    // The access of this turn of the wheel, if there is one, and what came of it
    reg f_asked, f_executed;
    always @(posedge clk_bus) begin
        if (slot_bus) begin
            f_asked    <= wb_cyc && wb_stb;
            f_executed <= execute;
        end
        if (rst) f_asked <= 1'b0;
    end
    wire f_answers = f_started && f_edge == 2'd3 && f_asked;

    always @* if (f_started) begin
        one_answer_in_time:  assert ((wb_ack || wb_err) == f_answers && !(wb_ack && wb_err));
        ack_means_executed:  assert (!f_answers || wb_ack == f_executed);
        one_thing_executed:  assert (execute_read + execute_write + buffer_write <= 2'd1);
        whole_words_only:    assert (!(execute_read || execute_write || buffer_write) || (wb_sel == 4'hF && wb_adr[1:0] == 2'd0));
        buffer_has_an_end:   assert (!buffer_write || (wb_adr[14] && wb_adr[13:8] < BUFFER_PAGES));
        reset_writes_nothing: assert (!rst_bus || !(execute_write || buffer_write));

        help_pending: assert (!(f_edge == 2'd1 || f_edge == 2'd2) || (pending == f_asked && (!f_asked || failed == !f_executed)));
        help_answers: assert (f_edge == 2'd3 || !(wb_ack || wb_err));

        reach_back_to_back: cover (f_answers && wb_ack && f_waits && !execute && wb_we);
        reach_error:        cover (f_answers && wb_err);
        reach_buffer_write: cover (buffer_write && f_started && wb_adr[13:8] == BUFFER_PAGES - 1);
        reach_reset_write:  cover (rst_bus && execute && wb_we);
    end
