// Properties of rx_store; the last lines of that module include them. hdl/formal/properties.yaml says what each claims.

    // At power-up: a reset at the first edge, and whenever it likes later.
    reg f_started;
    initial f_started = 1'b0;
    always @(posedge clk_bus) f_started <= 1'b1;
    always @* if (!f_started) assume (rst);

    // slot_wheel: edges_modulo_4, but here it begins anywhere.
    reg [1:0] f_edge;
    always @(posedge clk_bus) f_edge <= f_edge + 2'd1;
    always @* assume (slot_take == (f_edge == 2'd2) && slot_store == (f_edge == 2'd3));

    // nic_registers: reception is enabled only with a ring that is possible, and begins with its first page; load is at the
    // edge at which enable rises. The driver does not move a ring in use (docs/adapter.md says what happens if it does).
    (* anyconst *) reg [7:0] f_start, f_stop;
    localparam [7:0] F_PAGES = BUFFER_PAGES;
    wire [7:0] f_size = f_stop - f_start;
    reg        f_loaded;
    always @(posedge clk_bus) f_loaded <= !rst && (load || f_loaded);
    always @* begin
        assume (f_stop <= F_PAGES && f_start < f_stop && f_size >= 8'd2);  // nic_registers: ring_good is nothing else
        assume (ring_start == f_start && ring_stop == f_stop);
        assume (!enable || f_loaded);
        assume (!load || !enable);
    end

    // How many pages it is from one page of the ring to another, forwards
    function [7:0] f_distance(input [7:0] from, input [7:0] to);
        f_distance = to >= from ? to - from : to + f_size - from;
    endfunction

    // The driver releases pages in the order in which they were filled, and none that was not.
    reg [7:0] f_boundary;
    reg       f_was_enabled;
    always @(posedge clk_bus) begin
        f_boundary    <= ring_boundary;
        f_was_enabled <= f_started && enable;
    end
    always @* assume (ring_boundary >= f_start && ring_boundary < f_stop);  // the driver: see above
    always @* assume (!f_was_enabled || !enable  // the driver: see above
                      || f_distance(f_boundary, ring_boundary) <= f_distance(f_boundary, ring_current));

    // Pages that hold frames, and those that are free, of which one stays empty
    wire [7:0] f_kept = f_distance(ring_boundary, ring_current);
    wire [7:0] f_free = f_size - f_kept;
    wire [7:0] f_page = {{8-PAGE_BITS{1'b0}}, page};
    wire [7:0] f_after = {{8-PAGE_BITS{1'b0}}, after_frame};
    wire [7:0] f_into = f_distance(ring_current, f_page);  // the frame under way is in its page with this number
    wire       f_writes = memory_write && slot_store && enable;

    // Header words of the frame under way that have been written, and what its second one says
    reg [3:0] f_header;
    reg [7:0] f_next;
    always @(posedge clk_bus) begin
        if (slot_take && state != HEADER) f_header <= 4'd0;
        if (f_writes && state == HEADER) f_header[offset[1:0]] <= 1'b1;
        if (f_writes && state == HEADER && offset == 6'd1) f_next <= memory_data[7:0];
    end
    reg [7:0] f_current;
    reg       f_moves;
    always @(posedge clk_bus) begin
        f_current <= ring_current;
        f_moves   <= event_stored || load || rst;
    end

    always @* if (f_started) begin
        stored_pages_are_kept: assert (!f_writes || f_distance(ring_boundary, memory_address[13:6]) >= f_kept);
        writes_stay_in_ring:   assert (!f_writes || (memory_address[13:6] >= f_start && memory_address[13:6] < f_stop));
        ring_is_never_full:    assert (!event_stored || (f_after != ring_boundary && f_after != ring_current));
        header_comes_first:    assert (!event_stored || (&f_header && f_next == f_after));
        nothing_else_moves:    assert (f_current == ring_current || f_moves);

        help_current: assert (!f_loaded || (ring_current >= f_start && ring_current < f_stop));
        help_states:  assert (state != 2'd3 && (f_loaded || state == SKIP));
        help_page:    assert (state == SKIP || (f_page >= f_start && f_page < f_stop));
        help_room:    assert (state != FRAME || !enable || overrun || f_into < (entered && f_edge == 2'd3 ? f_free : f_free - 8'd1));
        help_header:  assert (state != HEADER || !enable || (f_into == 8'd0 && f_after >= f_start && f_after < f_stop && offset < 6'd4
                              && f_distance(ring_current, f_after) < f_free && f_after != ring_current));
        help_written: assert (state != HEADER || f_header == (4'd1 << offset[1:0]) - 4'd1 + (f_edge != 2'd3 ? 4'd1 << offset[1:0] : 4'd0));
        help_pointer: assert (state != HEADER || ((offset != 6'd1 || held[7:0] == f_after) && (!f_header[1] || f_next == f_after)));

        reach_second_frame: cover (event_stored && f_kept == 8'd1 && f_size == 8'd4);
        reach_wrap:         cover (event_stored && f_after == f_start && f_size == 8'd2);
        reach_overrun:      cover (event_overrun && f_kept == 8'd1);
    end
